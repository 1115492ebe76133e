# SPDX-License-Identifier: MIT
#
# Makes the man page ivpipe-wire(7) from include/ivpipe/wire.h: the sections of its opening
# comment, its constants, and a table for each struct with the offsets that the compiler has
# checked (IVP_WIRE_AT). Fails if a field's comment says another offset, or a field has none.

function fail(why) {
	print FILENAME ":" FNR ": " why >"/dev/stderr"
	failed = 1
	exit 1
}

# Text that roff prints as it is.
function plain(text) {
	gsub(/\\/, "\\e", text)
	if (text ~ /^[.']/)
		text = "\\\\&" text
	return text
}

# The same, with each sentence on a line of its own, as mdoc(7) wants it.
function sentences(text, done) {
	while (match(text, /[a-z0-9A-Z)][.] [A-Z]/)) {
		done = done plain(substr(text, 1, RSTART + 1)) "\n"
		text = substr(text, RSTART + 3)
	}
	return done plain(text)
}

function trim(text) {
	sub(/^[ \t]+/, "", text)
	sub(/[ \t]+$/, "", text)
	return text
}

# Blocks: "" between them, "text", "literal", inside of a list or not.
function block(kind) {
	if (kind == open)
		return
	if (open == "literal")
		print ".Ed"
	if (kind == "literal")
		print ".Bd -literal -offset indent"
	else if (kind == "text" && !fresh)
		print ".Pp"
	open = kind
	fresh = 0
}

function end_list() {
	block("")
	if (in_list)
		print ".El"
	in_list = 0
}

function section(title) {
	end_list()
	print ".Sh " toupper(title)
	fresh = 1
}

# "text of a comment" after its opening slash and star.
function comment_of(line) {
	if (!match(line, /\/\*.*\*\//))
		return ""
	return trim(substr(line, RSTART + 2, RLENGTH - 4))
}

BEGIN {
	print ".\\\" SPDX-License-Identifier: MIT"
	print ".\\\" Made from wire.h by wire.awk."
	print ".Dd November 22, 2026"
	print ".Dt IVPIPE-WIRE 7"
	print ".Os"
	print ".Sh NAME"
	print ".Nm ivpipe-wire"
	print ".Nd layout and protocol of the shared memory of ivpipe"
	print ".Sh SYNOPSIS"
	print ".In ivpipe/wire.h"
	print ".Sh DESCRIPTION"
	fresh = 1
}

# The opening comment: from its first " * " line to " */". The licence line is a comment by itself.
FNR > 1 && !over && /^\/\*$/ { inside = 1; next }
inside && /^ \*\/$/ {
	end_list()
	inside = 0
	over = 1
	next
}
inside {
	line = substr($0, 4)
	if (line == "") {
		if (open != "")
			block("")
		next
	}
	if (match(line, /^[0-9]+\. /)) {
		section(substr(line, RLENGTH + 1))
		next
	}
	# "create   The creator ..." begins an item, its text nine columns in.
	if (open == "" && match(line, /^[a-z]+   */) && RLENGTH == 9) {
		block("")
		if (!in_list)
			print ".Bl -tag -width restart"
		in_list = 1
		print ".It Cm " trim(substr(line, 1, 9))
		fresh = 1
		line = substr(line, 10)
	} else if (in_list && line ~ /^         /) {
		line = substr(line, 10)
	} else if (in_list) {
		end_list()
	}
	block(line ~ /^    / ? "literal" : "text")
	print open == "literal" ? plain(substr(line, 5)) : sentences(line)
	next
}
!over { next }

# Constants, each with the comment that says what the group is for.
/^#define IVP_[A-Z_]+ / && $2 !~ /^IVP_WIRE_(AT|SIZE|ASSERT)/ {
	line = $0
	sub(/\/\*.*/, "", line)
	sub(/^#define +[A-Z_]+ +/, "", line)
	if (note != "" || after_enum)
		constant[++constants] = "group\t" note
	note = ""
	after_enum = 0
	constant[++constants] = $2 "\t" trim(line) "\t" comment_of($0)
}
/^\/\*.*\*\/$/ { note = comment_of($0) }
/^enum/ {
	constant[++constants] = "group\t" note
	in_enum = 1
	note = ""
	next
}
in_enum && /^}/ {
	in_enum = 0
	after_enum = 1
}
in_enum {
	split(trim($0), part, /[ ,]+/)
	constant[++constants] = part[1] "\t" part[3] "\t" comment_of($0)
}

# Structs. A comment above one belongs to it.
/^struct ivp_wire_[a-z_]+ {/ {
	current = $2
	structure[++structures] = current
	about[current] = note
	note = ""
	next
}
/^}/ { current = "" }
current != "" && /;/ {
	said = comment_of($0)
	declaration = trim(substr($0, 1, index($0, ";") - 1))
	match(declaration, /[a-z_0-9]+(\[[A-Za-z_0-9]+\])?$/)
	name = substr(declaration, RSTART)
	type = trim(substr(declaration, 1, RSTART - 1))
	if (match(name, /\[.*/)) {
		type = type substr(name, RSTART)
		name = substr(name, 1, RSTART - 1)
	}
	if (!match(said, /^[0-9]+/))
		fail(current "." name ": its comment gives no offset")
	offset_said[current, name] = substr(said, 1, RLENGTH)
	said = substr(said, RLENGTH + 1)
	sub(/^: */, "", said)
	n = ++fields[current]
	field[current, n] = name
	type_of[current, n] = type
	meaning[current, n] = said
}

/^IVP_WIRE_AT\(/ {
	split($0, part, /[(), ;]+/)
	pinned[part[2], part[3]] = part[4]
}
/^IVP_WIRE_SIZE\(/ {
	split($0, part, /[(), ;]+/)
	bytes[part[2]] = part[3]
}

END {
	if (failed)
		exit 1
	print ".Sh CONSTANTS"
	in_columns = 0
	for (i = 1; i <= constants; i++) {
		split(constant[i], part, "\t")
		if (part[1] == "group") {
			if (in_columns)
				print ".El"
			in_columns = 0
			print ".Pp"
			if (part[2] != "")
				print sentences(part[2])
			continue
		}
		if (!in_columns)
			print ".Bl -column IVP_WIRE_MAGIC_LONGER 0x0A1A657069707669ull meaning -compact"
		in_columns = 1
		print ".It Dv " part[1] " Ta " part[2] " Ta " plain(part[3])
	}
	if (in_columns)
		print ".El"
	print ".Sh STRUCTURES"
	print "Offsets in bytes."
	for (i = 1; i <= structures; i++) {
		s = structure[i]
		if (!(s in bytes))
			fail(s ": no IVP_WIRE_SIZE")
		print ".Ss struct " s ", " bytes[s] " bytes"
		if (about[s] != "") {
			print sentences(about[s])
			print ".Pp"
		}
		print ".Bl -column 9999 descriptor_offset struct_ivp_wire_trail meaning -compact"
		for (n = 1; n <= fields[s]; n++) {
			name = field[s, n]
			if (!((s, name) in pinned))
				fail(s "." name ": no IVP_WIRE_AT")
			if (pinned[s, name] != offset_said[s, name])
				fail(s "." name ": the comment says offset " offset_said[s, name] \
					", the compiler " pinned[s, name])
			print ".It " pinned[s, name] " Ta Va " name " Ta Vt " type_of[s, n] " Ta " \
				plain(meaning[s, n])
		}
		print ".El"
	}
	print ".Sh SEE ALSO"
	print ".Xr pipeline 1 ,"
	print ".Xr pipeline-stage 1 ,"
	print ".Xr ivpipe-filters 7"
}
