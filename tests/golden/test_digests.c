/* SPDX-License-Identifier: MIT */
/*
 * The result of each filter on one computed picture, bit for bit: a change that nobody meant is
 * seen here, and so is a processor or compiler that computes otherwise. After a change that is
 * meant, the failure says which line to put in.
 */
#define XXH_INLINE_ALL
#include <xxhash.h>

#include "golden/reference.h"

static const struct {
	const char *filter, *settings[4]; /* settings ended by NULL */
	uint64_t digests[6];              /* of the formats, in their order; 0: refused */
} golden[] = {
    {"gaussian-blur",
     {NULL},
     {0x6660f3dbcd97571c, 0x200c00d618d82b6c, 0x0212cffaf16c216d, 0x54d9e0183bbe08cb,
      0x30b58ee8a878d758, 0x62f0b46a0e7d6e0f}},
    {"gaussian-blur",
     {"sigma=9", "border=reflect", NULL},
     {0x44da139e3f97fcbb, 0xeb69c6c040e31c19, 0x5a31dd5c3f4b31cf, 0x2faa00daefd255d6,
      0x56eacd0e5a8c09da, 0x522c07c1e83a0958}},
    {"gaussian-blur",
     {"sigma=3", "border=constant", NULL},
     {0x2d2487ee96ad7bed, 0x9d987a340b2e0c4b, 0xb2ce7a6fc57d5daf, 0xfb6b660c4fa44b16,
      0x670d554ba1340538, 0xfcae17863a58973f}},
    {"gaussian-blur",
     {"sigma=40", "border=constant", NULL},
     {0x74deb03d4750b5fd, 0xb54dd2e28e1030a0, 0xfdd3fb9e63fa73fa, 0x39e35be6e3acf16b,
      0x0bfda4a2eaed82f3, 0x48099fdf9efe969c}},
    {"box-blur",
     {"radius=7", NULL},
     {0x28cc2e0a9dbb3de3, 0x5efaba513fb88cfb, 0xd572df33d58eeb42, 0x67d1b06b4075e032,
      0x66fefca95f3e1721, 0xfc9d3f129977c1e5}},
    {"box-blur",
     {"radius=30", "border=constant", NULL},
     {0x5ff95a145e25d3e6, 0xc361593a6e76aa95, 0x1bb27749f1a3f6f6, 0x411b1b45468262a6,
      0xad0f8f43fc5c4665, 0xee1a8d526a7c12bd}},
    {"sharpen",
     {"amount=1.7", "threshold=3", NULL},
     {0x9a7a56224c8d0da3, 0xa78e873f559e187c, 0xf55f9d7aed1e2348, 0xc75bd284b2a620c5,
      0xb8ed1dab0c07b889, 0x125314d03de27441}},
    {"sharpen",
     {"sigma=6", NULL},
     {0x13db2876f3641651, 0x1e94d8b0329bf4d5, 0xc07522fb0f2984b1, 0xde8f259a22f7d2b0,
      0xf27e53fa455f926d, 0xa2af8329a7605722}},
    {"median",
     {NULL},
     {0x098f4c88dfd0055e, 0xb32e9e51ab450969, 0x591760596afe8f8c, 0x8b2ee93fe18cfeb0,
      0x7587a6c5dcda14f1, 0x47d23f33f4de3f19}},
    {"median",
     {"radius=2", "border=reflect", NULL},
     {0xb269d1b5b9e765bd, 0x8723370aff8369c8, 0x3e5f45d0f76d92bd, 0xc762e52bf048bb23,
      0x96b1477ea98d5844, 0x0ccc03dca8bf0c42}},
    {"median",
     {"radius=9", NULL},
     {0x18d609d0628d6cb7, 0x0493529a6fb0d69a, 0x80152e573d5caa9c, 0x36d6692aa79edb15,
      0x039a76bf2e10efaf, 0x2a44b4cff6ed422e}},
    {"bilateral",
     {NULL},
     {0xb2bd5bb721feeb67, 0x436abad29c506888, 0xc31241458f1688f0, 0x5f7c6824f79ff25a,
      0x889bf43754133a99, 0xa7407792b7d80232}},
    {"non-local-means",
     {"strength=30", "patch=2", "search=6", NULL},
     {0x75fa86e22f3762c7, 0x2b1d2f8799afc1c1, 0x06396a2f82dd2d51, 0x4a6b0e7efda44ccd,
      0xf7b011e433fb15e7, 0x9b497f6f7182617c}},
    {"convolve",
     {"kernel=0 -1 0 -1 5 -1 0 -1 0", NULL},
     {0x72334073f8d5c9d5, 0xc0bf4c3bf9e1a858, 0xc31c3cc58f46b612, 0x15489507048af3b4,
      0x3b382eb853c919d0, 0xc8d3f7257432594b}},
    {"convolve",
     {"kernel=.1 .2 .4 .1 .2", "width=5", "border=constant"},
     {0xeeae55a596ffdb27, 0xa0a15dbebd4b4699, 0xb288dc7e624d7467, 0x71b4453a4436fa90,
      0x89f99aed8b978bc6, 0x15555b6c79751be2}},
    {"sobel",
     {NULL},
     {0x67d6b7f15d7fc987, 0x8b03d22653405a5a, 0xda9068b5d6a1d12e, 0x0a314f32cb293044,
      0x0411ff0aeaf0e841, 0x7b092cfd21e437ac}},
    {"laplacian",
     {"result=signed", NULL},
     {0x61296e3684bf978d, 0x0c5ca203e23c6844, 0x58226f99ed76ca7f, 0xf1333df902ad28ef,
      0x394e7ae1e1cc9f84, 0xd32ea07a15e8605d}},
    {"erode",
     {NULL},
     {0xaf46fae5c1972c7e, 0xe8d7295fb769bc2f, 0xc4908bfb184843f2, 0x29e1da5d89d08c95,
      0x32cd8aa1b5aaa4f5, 0xb26d99e02d43e51b}},
    {"dilate",
     {"width=4", "height=7", NULL},
     {0x73f0bc1701041820, 0x3f2034790ed6815b, 0xf3e4c36d19fbb499, 0x4431d4f44ecbfcae,
      0x23c579b88096a781, 0xe6f01aab2b5fc971}},
    {"open",
     {NULL},
     {0x6f33804188e0bdfb, 0x84d8e4c8453149f2, 0x775dd4452e55326f, 0xefb7b6f39abe3c9a,
      0xaf5739066cdb7b0f, 0x8b9b2b6655b0ff61}},
    {"close",
     {"width=6", "height=3", NULL},
     {0x2b3cab87a42f100e, 0x79f8431daad94283, 0xe265fa925c786a7d, 0x5cccc9f2ff0116d9,
      0x4dcce19a3badf4fa, 0x6ee89834c8d9bdb5}},
    {"resize",
     {"kernel=nearest", NULL},
     {0x240bf66221ab6890, 0xb27bbef0c51f0a88, 0x70157bc83a848d98, 0xd69416ddc133c6f2,
      0x2dd94a23225e00bd, 0x00784de2f43172a8}},
    {"resize",
     {"kernel=box", "percent=33", NULL},
     {0x3be58e0db11952cc, 0x80a3fab2997403f4, 0x26ee2c6fd83ceff2, 0x947ec12924f6a5f9,
      0xccbec29f56610f4a, 0x45149ff3f5b376aa}},
    {"resize",
     {"kernel=box", "percent=50", NULL},
     {0x95c88bc2f185878d, 0x978fa2fb3b303e92, 0xf5dd48aa898b7b8b, 0xf8f95f4a440d922e,
      0xc74e8cc34c539d88, 0x1fb98cd094373d94}},
    {"resize",
     {"kernel=bilinear", "percent=171", NULL},
     {0x3945b1bf337385c2, 0xb35c235a393efe82, 0x79bf57d310039fc3, 0x06ac05ef655aebbf,
      0x84625a421ba0389c, 0x8a2a8951ab936949}},
    {"resize",
     {"kernel=bicubic", "percent=140", NULL},
     {0xd724baf902a562ac, 0xeb8f34c1df29005c, 0x115a9f8770ff2a0b, 0x5701ccbc086372e2,
      0xcba9b749d4b74419, 0x515239909724aebc}},
    {"resize",
     {"kernel=lanczos3", "percent=41", NULL},
     {0x2594d4a89880c08d, 0x5813d78a58413d7e, 0x31d935716ca190eb, 0x1fbbe15382bb309f,
      0xa2ddef652d1dfdc7, 0xefb857d9cfb364b8}},
    {"resize",
     {"kernel=mitchell", "percent=80", "linear=yes", NULL},
     {0x7ba082b352d10ff0, 0x7a5fddc9d1affc62, 0xd55a9b1e02f9ce53, 0x1b5723924187dcc8,
      0x6dca4eb88b51373f, 0x8b92616d57429932}},
    {"crop",
     {"percent=60", "gravity=centre", NULL},
     {0x0f2e4231db483b35, 0x1ea8fcc9ea4dc41b, 0xb60b71ddb1a97773, 0x44331b04a36931a2,
      0x5a72db075a129151, 0xb52781a064c50073}},
    {"pad",
     {"left=300", "width=700", "fill=reflect", NULL},
     {0xfc9f545f3516d52c, 0x1d7ba5e056650e92, 0xb7bc1958f6104402, 0xcc4e5e52d9fa26bc,
      0x37e65263af6b0e13, 0x46368e583d774f8a}},
    {"rotate",
     {NULL},
     {0x20487e08a9289a95, 0xbfa37b106f18eb96, 0x783fe0c2070ec942, 0x8b36d35e1512aad8,
      0xe41d4c6b2dcf3683, 0x85e530a4b1bab02b}},
    {"flip",
     {NULL},
     {0xddad3e0375e8030b, 0xba8a8c95d8b8e0b4, 0x84cdfac18c37378a, 0xf6b96138f628df5b,
      0xa315db4bc9949ade, 0x90c6f2821078f004}},
    {"transpose",
     {NULL},
     {0x3ed250afe16e6744, 0x62dbae2594650fe6, 0x12b3861c3a504994, 0xc14abf0361a6308c,
      0x87a7fbbf2109ebd3, 0x85d7d8dd5b34198a}},
    {"auto-orient",
     {NULL},
     {0x9cf714d5f67206ba, 0x0765f6a7419e4186, 0x1e6130db39d1cede, 0x71fe24d752983e5f,
      0x65c3bcfdd110c96c, 0x1272164ea653600e}},
    {"stat",
     {NULL},
     {0x9cf714d5f67206ba, 0x0765f6a7419e4186, 0x1e6130db39d1cede, 0x71fe24d752983e5f,
      0x65c3bcfdd110c96c, 0x1272164ea653600e}},
    {"overlay",
     {NULL},
     {0x9cf714d5f67206ba, 0x0765f6a7419e4186, 0x1e6130db39d1cede, 0x71fe24d752983e5f,
      0x65c3bcfdd110c96c, 0x1272164ea653600e}},
    {"grayscale",
     {NULL},
     {0x9cf714d5f67206ba, 0x00139ee76f997b09, 0xddeece8b530de6ab, 0x71fe24d752983e5f,
      0xbcc85693ce294408, 0x81b72448d198c322}},
    {"grayscale",
     {"luma=rec709", "alpha=drop", NULL},
     {0x9cf714d5f67206ba, 0xa1bc700be4835e5e, 0x74853f1dddb957a7, 0x71fe24d752983e5f,
      0x381b419a825d837e, 0xab7deaddc7596e9c}},
    {"invert",
     {NULL},
     {0xa8a00d5c23a9aa6f, 0x282d27f7cfe919ce, 0x046ede5557a020a2, 0xa472769ab3459f65,
      0xb02516f815b65b6d, 0xc0947f990024aa5e}},
    {"brightness-contrast",
     {"contrast=1.3", "brightness=9", NULL},
     {0xd8811e4a3b3f60c4, 0xaef029d8c775d740, 0x3af5decc2fd20a7a, 0xc3af2221c5488c4b,
      0x0b68ab9d1b4d8168, 0xefc63bd0763ab54c}},
    {"gamma",
     {"gamma=1.8", NULL},
     {0xbf6f473fba2676c7, 0x19900ad66236c5e8, 0x49d78c1ab9f450ae, 0x72ff3d727acb37f8,
      0xe961c8df8ec1d54c, 0x101b8aaed1bed329}},
    {"levels",
     {"black=10", "gamma=1.4", "channel=red", NULL},
     {0x9cf714d5f67206ba, 0xe945036f0b55d625, 0xb549203512c0fe46, 0x71fe24d752983e5f,
      0x7af5875ee4dce864, 0xe1f413a925dc487e}},
    {"posterize",
     {NULL},
     {0x1aa361db22f96444, 0x8764e3137ac5969c, 0xda2162ba7602b5ad, 0x7a390592c3829f86,
      0x573b9f0a70330625, 0xf40b66a401bfd03c}},
    {"threshold",
     {"level=40", NULL},
     {0x8f65de8488600dd1, 0x501bbc28a8964108, 0x9b93701332f6c641, 0xc3057edc7a2c2f4e,
      0x998392c5f7b3ca59, 0xc9fa964c141d1933}},
    {"threshold",
     {"method=otsu", NULL},
     {0x81abc2849f882a6a, 0x9770fbd7cd27ba9f, 0x1be093769fa6b481, 0x6b62f44c77c747d7,
      0xdcc766f6c9ac4d25, 0x09dfdbf58506ec73}},
    {"threshold",
     {"method=adaptive", "radius=9", NULL},
     {0x1dcfe58ed129e725, 0xde13f2f7ea9b66e5, 0xfaeb4cffc4b297fc, 0x66924963ac5297b7,
      0x533e6c9ed9f04035, 0x9767a6337d505eb6}},
    {"equalize",
     {NULL},
     {0xfda37af5dd27b48c, 0x5bbede361c3ee2f4, 0xab6f2b26ee52d758, 0x732c1e6e85edb208,
      0xea86aadbb4595c2e, 0x640625b86fea10bb}},
    {"equalize",
     {"colours=each", NULL},
     {0xfda37af5dd27b48c, 0x576575cc8299382a, 0x6da82e80afe05214, 0x732c1e6e85edb208,
      0xb81f0d9dd140829c, 0xce950b6cab42b7b0}},
    {"convert",
     {"channels=rgba", "depth=8", NULL},
     {0x1043d6d9b91bb781, 0xffcd84a9ce92c561, 0x1e6130db39d1cede, 0x3301b2afd9ef9553,
      0x7dc53a9dd5a5f4d3, 0xd962fedd8293644d}},
    {"convert",
     {"channels=gray", "depth=16", NULL},
     {0x6773acfba1f81f67, 0x07cd50a8b5cd32a7, 0x60b6cead2f21d82d, 0x71fe24d752983e5f,
      0xbcc85693ce294408, 0x74ab9f3850a14364}},
    {"lut",
     {NULL},
     {0x9cf714d5f67206ba, 0x0765f6a7419e4186, 0x1e6130db39d1cede, 0x71fe24d752983e5f,
      0x65c3bcfdd110c96c, 0x1272164ea653600e}},
    {"colour-matrix",
     {"saturation=1.4", "hue=30", NULL},
     {0x260af2020132972a, 0x6358bc1bfe1b4f63, 0xf8548a1059384e32, 0xa158d956fefac5c7,
      0xda14202d57caca1a, 0x147a4ec02c95189a}},
    {"clahe",
     {NULL},
     {0x2d5e7fefb270c36f, 0xf2a1eee26e40ffe3, 0xe83e1474332d193b, 0x45f5eecc29d7ac58,
      0x6940e4d1f2a4477f, 0xdb9ce41dff404756}},
    {"copy",
     {NULL},
     {0x9cf714d5f67206ba, 0x0765f6a7419e4186, 0x1e6130db39d1cede, 0x71fe24d752983e5f,
      0x65c3bcfdd110c96c, 0x1272164ea653600e}},
};

static uint64_t digest(const struct picture *picture)
{
	const size_t row =
	    picture->shape.width * (size_t)ivp_format_pixel_bytes(picture->shape.format);
	XXH3_state_t *state = XXH3_createState();
	uint64_t result;

	assert_non_null(state);
	XXH3_64bits_reset(state);
	for (uint32_t y = 0; y < picture->shape.height; y++)
		XXH3_64bits_update(state, picture_at(picture, 0, y), row);
	result = XXH3_64bits_digest(state);
	XXH3_freeState(state);
	return result;
}

static uint64_t digest_of_case(size_t index, uint32_t format)
{
	const struct ivp_filter *filter = ivp_filter_find(golden[index].filter);
	const char *const *settings = golden[index].settings;
	struct picture in = picture_make(257, 131, format), out;
	struct ivp_shape shape;
	uint64_t result = 0;
	void *self;

	assert_non_null(filter);
	self = filter_configure(filter, settings[0], settings[1], settings[2], NULL);
	picture_fill(&in, SMOOTH, 7);
	if (!filter->shape || filter->shape(self, &in.shape, &shape, NULL) == 0) {
		out = filter_run(filter, self, &in);
		result = digest(&out);
		picture_free(&out);
	}
	picture_free(&in);
	free(self);
	return result;
}

static void every_result_is_the_same_bit_for_bit(void **state)
{
	bool same = true;

	(void)state;
	for (size_t i = 0; i < count_of(golden); i++) {
		const uint32_t formats = ivp_filter_find(golden[i].filter)->formats;
		uint64_t now[6] = {0};

		for (uint32_t format = 0; format < 6; format++)
			if (formats & IVP_FORMAT_BIT(IVP_FORMAT_GRAY8 + format))
				now[format] = digest_of_case(i, IVP_FORMAT_GRAY8 + format);
		if (memcmp(now, golden[i].digests, sizeof(now)) == 0)
			continue;
		same = false;
		print_error("%s %s: {", golden[i].filter,
			    golden[i].settings[0] ? golden[i].settings[0] : "(defaults)");
		for (size_t format = 0; format < 6 && now[format]; format++)
			print_error("%s0x%016llx", format ? ", " : "",
				    (unsigned long long)now[format]);
		print_error("}\n");
	}
	assert_true(same);
}

static void every_filter_has_a_digest(void **state)
{
	(void)state;
	for (size_t f = 0; ivp_filters[f]; f++) {
		bool found = false;

		for (size_t i = 0; i < count_of(golden); i++)
			found |= strcmp(golden[i].filter, ivp_filters[f]->name) == 0;
		if (!found)
			fail_msg("%s: add lines for it to golden[] here", ivp_filters[f]->name);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(every_result_is_the_same_bit_for_bit),
	    cmocka_unit_test(every_filter_has_a_digest),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
