"""A stand-in for GitHub's `gh`, with the features that the update workflow uses.

Pull requests are a JSON list in the file that STAND_IN_GH names. Its calls are recorded next to it.
"""

import argparse
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

STATE = Path(os.environ["STAND_IN_GH"])

PullRequests = list[dict[str, Any]]


def main() -> None:
    if not os.environ.get("GH_TOKEN"):
        sys.exit("gh: no token")
    if os.environ.get("GH_REPO") != os.environ["GITHUB_REPOSITORY"]:
        sys.exit("gh: in a fork, gh would choose the repository that it was forked from")
    with STATE.with_suffix(".calls").open("a") as calls:
        calls.write(f"{sys.argv[1:]}\n")
    pull_requests: PullRequests = json.loads(STATE.read_text())
    arguments = _arguments()
    arguments.run(arguments, pull_requests)
    STATE.write_text(json.dumps(pull_requests))


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    commands = parser.add_subparsers(required=True)
    pr = commands.add_parser("pr").add_subparsers(required=True)
    listing = pr.add_parser("list")
    for option in ("--head", "--state", "--json", "--jq"):
        listing.add_argument(option, required=True)
    listing.set_defaults(run=_list)
    creation = pr.add_parser("create")
    for option in ("--head", "--base", "--title"):
        creation.add_argument(option, required=True)
    creation.add_argument("--body-file", required=True, type=Path)
    creation.set_defaults(run=_create)
    api = commands.add_parser("api")
    api.add_argument("--silent", action="store_true", required=True)
    api.add_argument("--method", choices=["PATCH"], required=True)
    api.add_argument("path")
    api.add_argument("--raw-field", action="append", required=True)
    api.add_argument("--field", action="append", required=True)
    api.set_defaults(run=_edit)
    return parser.parse_args()


def _list(arguments: argparse.Namespace, pull_requests: PullRequests) -> None:
    names = arguments.json.split(",")
    wanted = {"head": arguments.head, "state": arguments.state}
    found = [{name: each[name] for name in names} for each in pull_requests if wanted.items() <= each.items()]
    subprocess.run(["jq", "--raw-output", arguments.jq], input=json.dumps(found), text=True, check=True)


def _create(arguments: argparse.Namespace, pull_requests: PullRequests) -> None:
    pull_requests.append(
        {
            "number": len(pull_requests) + 1,
            "state": "open",
            "isCrossRepository": False,
            "head": arguments.head,
            "base": arguments.base,
            "title": arguments.title,
            "body": arguments.body_file.read_text(),
        }
    )


def _edit(arguments: argparse.Namespace, pull_requests: PullRequests) -> None:
    number = arguments.path.removeprefix("repos/{owner}/{repo}/pulls/")
    (pull_request,) = (each for each in pull_requests if str(each["number"]) == number)
    pull_request.update(dict(field.split("=", 1) for field in arguments.raw_field))
    for field in arguments.field:
        name, _, value = field.partition("=")
        pull_request[name] = Path(value[1:]).read_text() if value.startswith("@") else value


if __name__ == "__main__":
    main()
