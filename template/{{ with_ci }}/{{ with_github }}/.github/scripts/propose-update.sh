#!/usr/bin/env bash
# Proposes what `shipsmith update --json` changed here as a pull request: propose-update.sh REPORT
# Fails where there are conflicts; they are committed with their markers, for people to resolve on the branch.
set -euo pipefail

report=$1
branch=shipsmith/update
bot='41898282+github-actions[bot]@users.noreply.github.com'

describe() {
  jq --raw-output '
    def section(title; lines): if lines == [] then empty else "\n## \(title)\n", (lines[] | "- \(.)") end;
    "This brings the repository from shipsmith \(.from) to \(.to).",
    section("Conflicts"; [.conflicts[] | "`\(.)`"]),
    if .conflicts == [] then empty else
      "\nYou and the template changed the same lines of these files. Resolve the markers on this branch. With conflicts,",
      "locks and stubs are not made anew: to have that done as well, run `shipsmith update` on your own machine instead,",
      "and `shipsmith continue` once you have resolved them there."
    end,
    section("What to know"; .notes),
    section("Left alone"; [.left_alone[] | "`\(.path)`: \(.reason)"]),
    section("Answers that changed"; [.answers | to_entries[] | "`\(.key)`: \(.value.old) → \(.value.new)"])
  ' "$report"
}

git add --all
if git diff --cached --quiet; then
  echo "There is nothing to update."
  exit
fi

gh auth setup-git
pull_request=$(gh pr list --head "$branch" --state open --json number,isCrossRepository \
  --jq '[.[] | select(.isCrossRepository | not)][0].number // empty')
tip=$(git ls-remote origin "refs/heads/$branch" | cut -f 1)
if [[ -n $tip ]]; then
  git fetch --quiet --depth 1 origin "$tip"
  if [[ $(git show --no-patch --format=%ce "$tip") != "$bot" ]]; then
    echo "::error::People have committed to $branch, so it is left as it is. Merge it; or delete it for a new one."
    exit 1
  fi
fi

title=$(jq --raw-output '"Update from shipsmith \(.from) to \(.to)"' "$report")
# With the date of what it is based on, the same update is the same commit: another run does not push it again.
date=$(git show --no-patch --format=%cI)
GIT_AUTHOR_DATE=$date GIT_COMMITTER_DATE=$date \
  git -c user.name='github-actions[bot]' -c user.email="$bot" commit --quiet --message "$title"
git push --quiet --force-with-lease="$branch:$tip" origin "HEAD:refs/heads/$branch"

describe > "$report.md"
if [[ -n $pull_request ]]; then
  gh api --silent --method PATCH "repos/{owner}/{repo}/pulls/$pull_request" \
    --field "title=$title" --field "body=@$report.md"
else
  gh pr create --head "$branch" --base "$GITHUB_REF_NAME" --title "$title" --body-file "$report.md"
fi

if jq --exit-status '.conflicts != []' "$report" > /dev/null; then
  echo "::error::There are conflicts to resolve on the branch $branch."
  exit 1
fi
