"""Does the house stand as it was drawn? Its top level, what its files may name, and what is packaged with it."""

import re
import subprocess
import tomllib
from fnmatch import fnmatch
from functools import cache
from pathlib import Path

import pytest

HOUSE = Path(__file__).parents[2]
REQUIRED = {"services", "shared", "deploy", "tests", "pyproject.toml", "README.md"}
ALLOWED = REQUIRED | {"docs", "requirements", "Makefile", "CHANGELOG.md", "LICENSE", ".ci", ".github"}
MAY_NAME_OUTSIDE = {".ci/run", "Makefile"}
"""Where the place of data outside this repository has its default."""

READ_BY_CODE = ("shared/", "services/", "deploy/demo/", "deploy/local/", "deploy/migrations/", "deploy/redis/")

REGISTRY_HOSTS = (("pypi", "org"), ("pythonhosted", "org"), ("npmjs", "org"))
PEOPLES_FOLDERS = ("home", "Users", "root")
"""On somebody's machine. In words apart, so that this file too can be held to the rule."""
ELSEWHERE = re.compile(
    "|".join(
        [
            *(r"\.".join(host) for host in REGISTRY_HOSTS),
            *(f"/{folder}/" for folder in ("simple", *PEOPLES_FOLDERS)),
            "index" + "-url",
            r"\.\./" + r"shared\b",
        ]
    )
)


@cache
def tracked() -> tuple[str, ...]:
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=HOUSE, capture_output=True, check=True, text=True)
    return tuple(name for name in listed.stdout.split("\0") if name and (HOUSE / name).is_file())


def test_the_top_level_is_the_one_that_was_drawn() -> None:
    top = {name.split("/")[0] for name in tracked()}
    assert top >= REQUIRED
    assert {name for name in top if not name.startswith(".")} <= ALLOWED
    assert {"services/registry", "services/matching", "services/notify"} <= {
        "/".join(name.split("/")[:2]) for name in tracked()
    }


def test_no_file_names_a_registry_or_a_place_on_some_machine() -> None:
    found = [
        f"{name}:{number}: {line.strip()[:100]}"
        for name in tracked()
        if name not in MAY_NAME_OUTSIDE
        for number, line in enumerate((HOUSE / name).read_text("utf-8", errors="ignore").splitlines(), 1)
        if ELSEWHERE.search(line)
    ]
    assert not found, "\n".join(found)


def test_pins_have_hashes_and_no_addresses() -> None:
    for name in ("run", "test", "check"):
        text = (HOUSE / "requirements" / f"{name}.txt").read_text("utf-8")
        assert "://" not in text
        pins = re.findall(
            r"^[a-zA-Z0-9._-]+(?:\[[^]]*])?==[^\\]+\\(?:\n    --hash=sha256:[0-9a-f]{64}(?: \\)?)+", text, re.M
        )
        assert len(pins) == len(re.findall(r"^\S", text, re.M)), f"a line of {name}.txt has no hash"


def test_the_pins_hold_all_that_the_project_requires() -> None:
    project = tomllib.loads((HOUSE / "pyproject.toml").read_text("utf-8"))["project"]
    extras = project["optional-dependencies"]
    required = {
        "run": project["dependencies"],
        "test": project["dependencies"] + extras["test"],
        "check": project["dependencies"] + extras["test"] + extras["check"],
    }
    for name, requirements in required.items():
        text = (HOUSE / "requirements" / f"{name}.txt").read_text("utf-8")
        pinned = set(re.findall(r"^([a-z0-9-]+)(?:\[[^]]*])?==", text, re.M))
        asked = {re.split(r"[^A-Za-z0-9._-]", requirement)[0].lower().replace("_", "-") for requirement in requirements}
        assert asked <= pinned, f"run `make lock`: {asked - pinned} not in {name}.txt"


def test_every_file_that_code_reads_is_packaged() -> None:
    project = tomllib.loads((HOUSE / "pyproject.toml").read_text("utf-8"))
    patterns = project["tool"]["setuptools"]["package-data"]["*"]
    not_code = [name for name in tracked() if name.startswith(READ_BY_CODE) and not name.endswith((".py", ".md"))]
    assert not_code
    left_behind = [name for name in not_code if not any(fnmatch(Path(name).name, pattern) for pattern in patterns)]
    assert not left_behind


@pytest.mark.parametrize("service", ["registry", "matching", "notify"])
def test_a_service_s_migrations_follow_each_other_in_one_line(service: str) -> None:
    """Two that were drafted at the same time bear one number, and no database can be brought up to date."""
    texts = [path.read_text("utf-8") for path in sorted((HOUSE / "deploy/migrations" / service).glob("0*.py"))]
    told = [re.findall(r'^(?:down_)?revision: str(?: \| None)? = (?:"(\d+)"|None)$', text, re.M) for text in texts]
    assert told == [[f"{n:04}", f"{n - 1:04}" if n > 1 else ""] for n in range(1, len(texts) + 1)]
