# What a pull request says of an update, from the report of `shipsmith update --json`.
#
# The report is quoted as code, where nothing is a mention, a link or HTML. No text can end its quotation:
# it is one short line without backticks. All limits together stay below GitHub's 65,536 characters.

def quoted(limit):
  (if type == "string" then . else tojson end)
  | if length > limit then "\(.[:limit])…" else . end
  | gsub("[\\p{C}\\p{Z}]+"; " ") | gsub("`"; "'")
  | if test("\\A *\\z") then "`-`" else "`\(.)`" end;

def quoted: quoted(200);

def section(title; lines):
  if lines == [] then empty else
    "\n## \(title)\n",
    (lines[:25][] | "- \(.)"),
    (lines | length - 25 | if . > 0 then "- and \(.) more" else empty end)
  end;

"This brings the repository from shipsmith \(.from) to \(.to).",
if $withheld then
  "\n## Workflows\n",
  "A changed workflow can run as soon as it is pushed, before anyone has reviewed it.",
  "So the changes of workflows are in `.github/workflows.patch`. Review that file, then, on this branch:\n",
  "```sh",
  "git apply --index .github/workflows.patch",
  "git rm .github/workflows.patch",
  "git commit",
  "```"
else empty end,
section("Conflicts"; [.conflicts[] | quoted]),
if .conflicts == [] then empty else
  "\nYou and the template changed the same lines of these files. Resolve the markers on this branch.",
  "With conflicts, locks and stubs are not regenerated: to have that done as well, run `shipsmith update`",
  "on your own machine instead, and `shipsmith continue` once you have resolved them there."
end,
section("What to know"; [.notes[] | quoted(1000)]),
section("Left alone"; [.left_alone[] | "\(.path | quoted): \(.reason | quoted)"]),
section("Answers that changed";
  [.answers | to_entries[] | "\(.key | quoted): \(.value.old | quoted) → \(.value.new | quoted)"])
