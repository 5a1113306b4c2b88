#!/usr/bin/env bash
# Proposes an update as a pull request: propose-update.sh FOLDER, which holds report.json and update.patch.
# Fails where there are conflicts; they are committed with their markers, for people to resolve on the branch.
#
# A job without secrets made both files, by code that nobody has reviewed here, so they are data: the patch
# changes git's index and no file, and nothing of it can run; the report is quoted in the pull request.
set -euo pipefail

report=$1/report.json
patch=$1/update.patch
scripts=$(dirname "$0")
branch=shipsmith/update
workflows=.github/workflows
withheld=.github/workflows.patch
bot='41898282+github-actions[bot]@users.noreply.github.com'
temporary=$(mktemp -d)
trap 'rm -rf "$temporary"' EXIT
export GH_REPO=$GITHUB_REPOSITORY

# What is printed can name files of the patch: the runner takes it for no command until it reads the token.
token=$(od -An -N16 -tx1 /dev/urandom | tr -d ' \n')
echo "::stop-commands::$token"

fail() {
  echo "::$token::"
  echo "::error::$1"
  exit 1
}

is_file_up_to() { # FILE BYTES
  [[ -f $1 && ! -L $1 ]] && (($(wc -c < "$1") <= $2))
}

git() {
  command git -c core.hooksPath=/dev/null -c core.protectHFS=true "$@"
}

# Git asks gh for the secret, which has it in GH_TOKEN: it is in no URL, no command line and no configuration.
remote_git() {
  git -c credential.helper= -c credential.helper='!gh auth git-credential' "$@"
}

patch_of() { # PATH
  git diff-index --cached --patch --text --full-index HEAD -- "$1"
}

[[ $GITHUB_REF_TYPE == branch ]] || fail "Updates are proposed for branches only."
is_file_up_to "$report" 1000000 || fail "The update has no report, or one that is too large."
is_file_up_to "$patch" 20000000 || fail "The update has no patch, or one that is too large."
if [[ ! -s $patch ]]; then
  echo "There is nothing to update."
  exit
fi

# Versions are the only text of the report that is not quoted: without spaces and markup.
jq --slurp 'if length == 1 and all(.[0] | .from, .to; test("\\A[0-9A-Za-z][0-9A-Za-z.+-]{0,59}\\z"))
  then .[0] else error("no report") end' "$report" > "$temporary/report.json" \
  || fail "The update's report is not what shipsmith writes."
report=$temporary/report.json

# Git refuses paths outside the repository, below .git, and behind symbolic links.
git apply --cached --whitespace=nowarn "$patch" || fail "The patch does not apply to this commit."
modes=$(git diff-index --cached HEAD | cut -d ' ' -f 2)
[[ ! $modes =~ 1[26]0000 ]] || fail "The update adds a symbolic link or a submodule."
[[ -z $(git ls-files -- "$withheld") ]] \
  || fail "$withheld is left from an earlier update. Apply it, and remove it."

is_withheld=false
patch_of "$workflows" > "$temporary/workflows.patch"
if [[ -s $temporary/workflows.patch ]]; then
  is_withheld=true
  git reset --quiet HEAD -- "$workflows"
  blob=$(git hash-object -w --no-filters "$temporary/workflows.patch")
  git update-index --add --cacheinfo "100644,$blob,$withheld"
fi

title=$(jq --raw-output '"Update from shipsmith \(.from) to \(.to)"' "$report")
jq --raw-output --argjson withheld "$is_withheld" --from-file "$scripts/propose-update.jq" "$report" \
  > "$temporary/body.md" || fail "The update's report is not what shipsmith writes."

# With the date of its base, the same update is the same commit, which another run does not push again.
date=$(git show --no-patch --format=%cI)
commit=$(GIT_AUTHOR_DATE=$date GIT_COMMITTER_DATE=$date \
  git -c user.name='github-actions[bot]' -c user.email="$bot" \
  commit-tree -p HEAD -m "$title" "$(git write-tree)")

pull_request=$(gh pr list --head "$branch" --state open --json number,isCrossRepository \
  --jq '[.[] | select(.isCrossRepository | not)][0].number // empty')
tip=$(remote_git ls-remote origin "refs/heads/$branch" | cut -f 1)
if [[ -n $tip ]]; then
  remote_git fetch --quiet --depth 1 origin "$tip"
  [[ $(git show --no-patch --format=%ce "$tip") == "$bot" ]] \
    || fail "People have committed to $branch, so it is left as it is. Merge it, or delete it for a new one."
fi
remote_git push --quiet --force-with-lease="$branch:$tip" origin "$commit:refs/heads/$branch"

if [[ -n $pull_request ]]; then
  gh api --silent --method PATCH "repos/{owner}/{repo}/pulls/$pull_request" \
    --raw-field "title=$title" --field "body=@$temporary/body.md"
else
  gh pr create --head "$branch" --base="$GITHUB_REF_NAME" --title "$title" --body-file "$temporary/body.md"
fi

if jq --exit-status '.conflicts != []' "$report" > /dev/null; then
  fail "There are conflicts to resolve on the branch $branch."
fi
