"""A program that takes podman's command line as strictly as podman, and runs the command without a container.

In place of the image's files it uses those of this host; everything else is as podman does it: only named variables are passed
on, the command runs in the directory that was asked for, and its exit code is that of the program.
"""

import os
import sys
from pathlib import Path

FLAGS = {"--rm", "--userns=keep-id"}
VALUES = {"--volume", "--workdir", "--env"}


def main(words: list[str]) -> None:
    """Run `words`; exits with 125 for what podman would not take."""
    noted = Path(__file__).with_name("podman.called")
    noted.write_text("\n".join(words), encoding="utf-8")
    given: dict[str, list[str]] = {name: [] for name in VALUES}
    if not words or words.pop(0) != "run":
        refuse("expected run")
    while words and words[0].startswith("-"):
        name = words.pop(0)
        if name in VALUES and words:
            given[name].append(words.pop(0))
        elif name not in FLAGS:
            refuse(f"unknown flag: {name}")
    if len(words) < 2 or given["--volume"] != [f"{given['--workdir'][-1]}:{given['--workdir'][-1]}"]:
        refuse("expected an image, a command, and a volume that is the working directory")
    image, *command = words
    passed = {name: os.environ[name] for name in given["--env"] if name in os.environ}
    os.chdir(given["--workdir"][-1])
    os.execve(command[0], command, {**passed, "PATH": "/usr/bin:/bin", "container": "podman", "IMAGE": image})


def refuse(why: str) -> None:
    """Exit as podman does for a command line that it does not understand."""
    sys.stderr.write(f"Error: {why}\n")
    sys.exit(125)


if __name__ == "__main__":
    main(sys.argv[1:])
