/* SPDX-License-Identifier: MIT */
#include "helpers/test.h"

#include "host/notes.h"

static bool accepts(const void *bytes, size_t count, const char *wanted)
{
	char name[IVP_NAME_LIMIT + 1] = "untouched";

	if (!ivp_name_accept(bytes, count, name)) {
		assert_string_equal(name, "untouched");
		return false;
	}
	assert_string_equal(name, wanted);
	return true;
}

static bool refuses(const char *text)
{
	return !accepts(text, strlen(text), "");
}

static void plain_names_are_kept(void **state)
{
	(void)state;
	assert_true(accepts("a.png", 5, "a.png"));
	assert_true(accepts("my photo (2).jpeg", 17, "my photo (2).jpeg"));
	assert_true(accepts("Gr\303\274\303\237e.png", 11, "Gr\303\274\303\237e.png"));
	assert_true(accepts("\360\237\214\204", 4, "\360\237\214\204"));
}

static void folders_are_cut_off(void **state)
{
	(void)state;
	assert_true(accepts("a/b/c.png", 9, "c.png"));
	assert_true(accepts("/etc/passwd", 11, "passwd"));
	assert_true(accepts("../../c.png", 11, "c.png"));
}

static void what_could_leave_the_folder_or_hide_is_refused(void **state)
{
	(void)state;
	assert_true(refuses(""));
	assert_true(refuses("a/"));
	assert_true(refuses("."));
	assert_true(refuses(".."));
	assert_true(refuses("a/.."));
	assert_true(refuses(".hidden.png"));
}

static void control_characters_are_refused(void **state)
{
	(void)state;
	assert_false(accepts("a\0b", 3, ""));
	assert_true(refuses("a\nb"));
	assert_true(refuses("a\033[2Jb"));
	assert_true(refuses("a\177"));
	assert_true(refuses("a\302\233b")); /* CSI as one character, U+009B */
}

static void ill_formed_utf8_is_refused(void **state)
{
	(void)state;
	assert_true(refuses("\377"));
	assert_true(refuses("a\303"));            /* cut off */
	assert_true(refuses("\300\257"));         /* '/' in two bytes */
	assert_true(refuses("\340\200\257"));     /* '/' in three bytes */
	assert_true(refuses("\355\240\200"));     /* a surrogate */
	assert_true(refuses("\364\220\200\200")); /* beyond U+10FFFF */
	assert_true(refuses("\200"));             /* no first byte */
	assert_true(refuses("\342\202a"));        /* a letter inside */
	assert_true(accepts("\355\237\277", 3, "\355\237\277"));
}

static void names_longer_than_the_limit_are_refused(void **state)
{
	char text[IVP_NAME_LIMIT + 2];

	(void)state;
	memset(text, 'a', sizeof(text));
	text[IVP_NAME_LIMIT] = '\0';
	assert_true(accepts(text, IVP_NAME_LIMIT, text));
	assert_false(accepts(text, IVP_NAME_LIMIT + 1, ""));
}

static uint8_t buffer[512];

static struct ivp_frame frame_with(uint64_t id, uint32_t bytes)
{
	return (struct ivp_frame){.id = id, .metadata = buffer, .metadata_bytes = bytes};
}

static void put(uint32_t *used, uint16_t type, const void *value, uint32_t bytes)
{
	assert_int_equal(ivp_metadata_put(buffer, sizeof(buffer), used, type, value, bytes), 0);
}

static void all_records_are_read(void **state)
{
	const uint32_t orientation = 6;
	struct ivp_notes notes;
	struct ivp_frame frame;
	uint32_t used = 0;

	(void)state;
	put(&used, IVP_META_ICC, "profile", 7);
	put(&used, IVP_META_NAME, "in/a.png", 8);
	put(&used, 999, "unknown", 7);
	put(&used, IVP_META_ORIENTATION, &orientation, 4);
	put(&used, IVP_META_REASON, "because", 7);
	frame = frame_with(3, used);
	assert_int_equal(ivp_notes_init(&notes, sizeof(buffer)), 0);
	assert_int_equal(ivp_notes_read(&notes, &frame, NULL), 0);
	memset(buffer, 0xff, sizeof(buffer)); /* only the copy counts */
	assert_string_equal(notes.name, "a.png");
	assert_false(notes.renamed);
	assert_int_equal(notes.orientation, 6);
	assert_string_equal(notes.reason, "because");
	assert_int_equal(notes.icc_bytes, 7);
	assert_memory_equal(notes.icc, "profile", 7);
	ivp_notes_finish(&notes);
}

static void texts_are_split_and_those_unfit_for_files_left_out(void **state)
{
	static const char *const texts[] = {"a=b",    "no sign",       "=value",      " key=value",
					    "key =v", "bad=\033[2J",   "k\303\244=v", "cut=\303",
					    "empty=", "gr\303\274n=1", "w=x=\303\274"};
	struct ivp_notes notes;
	struct ivp_frame frame;
	uint32_t used = 0;

	(void)state;
	for (size_t i = 0; i < count_of(texts); i++)
		put(&used, IVP_META_TEXT, texts[i], (uint32_t)strlen(texts[i]));
	put(&used, IVP_META_TEXT, "eight=23", 8); /* no padding behind it */
	frame = frame_with(3, used);
	assert_int_equal(ivp_notes_init(&notes, used), 0);
	/* Twice: the second image's texts take the place of the first one's. */
	for (unsigned i = 0; i < 2; i++) {
		assert_int_equal(ivp_notes_read(&notes, &frame, NULL), 0);
		assert_int_equal(notes.text_count, 4);
		assert_string_equal(notes.texts[0].key, "a");
		assert_string_equal(notes.texts[0].value, "b");
		assert_string_equal(notes.texts[1].key, "empty");
		assert_string_equal(notes.texts[1].value, "");
		assert_string_equal(notes.texts[2].key, "w");
		assert_string_equal(notes.texts[2].value, "x=\303\274");
		assert_string_equal(notes.texts[3].key, "eight");
		assert_string_equal(notes.texts[3].value, "23");
	}
	ivp_notes_finish(&notes);
}

static void more_texts_than_are_kept_do_no_harm(void **state)
{
	uint8_t many[16 * (IVP_TEXT_LIMIT + 9)];
	struct ivp_frame frame = {.metadata = many};
	struct ivp_notes notes;

	(void)state;
	while (ivp_metadata_put(many, sizeof(many), &frame.metadata_bytes, IVP_META_TEXT, "k=v",
				3) == 0)
		;
	assert_int_equal(ivp_notes_init(&notes, sizeof(many)), 0);
	assert_int_equal(ivp_notes_read(&notes, &frame, NULL), 0);
	assert_int_equal(notes.text_count, IVP_TEXT_LIMIT);
	ivp_notes_finish(&notes);
}

static void a_frame_without_metadata_is_named_by_its_id(void **state)
{
	struct ivp_frame frame = frame_with(7, 0);
	struct ivp_notes notes;

	(void)state;
	frame.metadata = NULL;
	assert_int_equal(ivp_notes_init(&notes, 0), 0);
	assert_int_equal(ivp_notes_read(&notes, &frame, NULL), 0);
	assert_string_equal(notes.name, "frame-000007");
	assert_false(notes.renamed);
	assert_int_equal(notes.orientation, 1);
	assert_null(notes.icc);
	assert_string_equal(notes.reason, "");
	ivp_notes_finish(&notes);
}

static void nothing_is_left_from_the_frame_before(void **state)
{
	const uint32_t orientation = 3, wrong = 9;
	struct ivp_notes notes;
	struct ivp_frame frame;
	uint32_t used = 0;

	(void)state;
	put(&used, IVP_META_NAME, "a.png", 5);
	put(&used, IVP_META_ORIENTATION, &orientation, 4);
	put(&used, IVP_META_ICC, "x", 1);
	put(&used, IVP_META_REASON, "r", 1);
	frame = frame_with(1, used);
	assert_int_equal(ivp_notes_init(&notes, sizeof(buffer)), 0);
	assert_int_equal(ivp_notes_read(&notes, &frame, NULL), 0);
	used = 0;
	put(&used, IVP_META_NAME, "..", 2);
	put(&used, IVP_META_ORIENTATION, &wrong, 4);
	frame = frame_with(2, used);
	assert_int_equal(ivp_notes_read(&notes, &frame, NULL), 0);
	assert_string_equal(notes.name, "frame-000002");
	assert_true(notes.renamed);
	assert_int_equal(notes.orientation, 1);
	assert_null(notes.icc);
	assert_string_equal(notes.reason, "");
	ivp_notes_finish(&notes);
}

static void malformed_records_are_refused_with_the_frame_named(void **state)
{
	struct ivp_wire_meta_record record = {.type = IVP_META_NAME, .bytes = 4096};
	struct ivp_frame frame = frame_with(5, 16);
	struct ivp_notes notes;
	struct ivp_why why;

	(void)state;
	memcpy(buffer, &record, sizeof(record));
	assert_int_equal(ivp_notes_init(&notes, sizeof(buffer)), 0);
	assert_int_equal(ivp_notes_read(&notes, &frame, &why), -EBADMSG);
	assert_non_null(strstr(why.text, "frame 5"));
	ivp_notes_finish(&notes);
}

static void a_reason_is_cut_to_its_room(void **state)
{
	struct ivp_notes notes;
	struct ivp_frame frame;
	uint32_t used = 0;
	char text[400];

	(void)state;
	memset(text, 'r', sizeof(text));
	put(&used, IVP_META_REASON, text, sizeof(text));
	frame = frame_with(1, used);
	assert_int_equal(ivp_notes_init(&notes, sizeof(buffer)), 0);
	assert_int_equal(ivp_notes_read(&notes, &frame, NULL), 0);
	assert_int_equal(strlen(notes.reason), sizeof(notes.reason) - 1);
	ivp_notes_finish(&notes);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(plain_names_are_kept),
	    cmocka_unit_test(folders_are_cut_off),
	    cmocka_unit_test(what_could_leave_the_folder_or_hide_is_refused),
	    cmocka_unit_test(control_characters_are_refused),
	    cmocka_unit_test(ill_formed_utf8_is_refused),
	    cmocka_unit_test(names_longer_than_the_limit_are_refused),
	    cmocka_unit_test(all_records_are_read),
	    cmocka_unit_test(texts_are_split_and_those_unfit_for_files_left_out),
	    cmocka_unit_test(more_texts_than_are_kept_do_no_harm),
	    cmocka_unit_test(a_frame_without_metadata_is_named_by_its_id),
	    cmocka_unit_test(nothing_is_left_from_the_frame_before),
	    cmocka_unit_test(malformed_records_are_refused_with_the_frame_named),
	    cmocka_unit_test(a_reason_is_cut_to_its_room),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
