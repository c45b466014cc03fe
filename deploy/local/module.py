"""`make module NAME=referral SERVICE=crm`: a module of master data, whole and green at once.

It writes the package, migration, tests and an example of the event from the templates beside this
file, and registers the module: in `app.py`, in what is searched, in the layers of import-linter,
in the glossary, in the Chinese texts and among the kinds of the common test. Nothing that stands
is overwritten.
"""

import argparse
import json
import re
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from itertools import count
from keyword import iskeyword
from pathlib import Path
from string import Template

from sqlalchemy.dialects.postgresql.base import RESERVED_WORDS

HERE = Path(__file__).resolve().parent
TEMPLATES = HERE / "templates" / "module"
LONGEST = 16
"""Characters of a record's name: PostgreSQL cuts off names of constraints after 63."""
ROLES = {"crm": "sales_manager", "erp": "planner"}
"""The role that may read and write the records at first; others are given in `module.py`."""


class Refusal(Exception):
    """The module cannot be made so; nothing was written."""


@dataclass(frozen=True)
class NewModule:
    """The module that is wanted: `name` of one record in snake_case, `many` its plural."""

    root: Path
    service: str
    name: str
    many: str
    chinese: str

    @property
    def source(self) -> Path:
        """The package of its service."""
        return self.root / "services" / self.service / "src" / self.service

    @property
    def tests(self) -> Path:
        """The folder of its tests."""
        return self.root / "services" / self.service / "tests" / self.many

    @cached_property
    def words(self) -> Mapping[str, str]:
        """What the templates' placeholders stand for."""
        one, many = self.name.replace("_", " "), self.many.replace("_", " ")
        article = "an" if one[0] in "aeiou" else "a"
        head, revision = revisions(self.source / "migrations" / "versions")
        return {
            "service": self.service,
            "SERVICE": self.service.upper(),
            "package": self.many,
            "scope": self.many,
            "role": ROLES[self.service],
            "record": self.name,
            "RECORD": self.name.upper(),
            "RECORDS": self.many.upper(),
            "Record": self.name.title().replace("_", ""),
            "one": one,
            "many": many,
            "Many": many.capitalize(),
            "article": article,
            "Article": article.capitalize(),
            "kebab": self.name.replace("_", "-"),
            "path": self.many.replace("_", "-"),
            "chinese": self.chinese,
            "head": head,
            "revision": revision,
        }

    def check(self) -> None:
        """Raise Refusal for a name that cannot be, or that is taken."""
        for word in (self.name, self.many):
            if not re.fullmatch(r"[a-z][a-z0-9]*(_[a-z0-9]+)*", word):
                message = (
                    f"{word!r} is no name: small letters, words parted by _, such as price_list"
                )
                raise Refusal(message)
            if word in RESERVED_WORDS or iskeyword(word):
                message = f"{word!r} is a word of SQL or Python. Choose another name."
                raise Refusal(message)
        if len(self.name) > LONGEST or len(self.many) > LONGEST + 4:
            message = f"{self.name!r} is longer than {LONGEST} characters, or its plural by far."
            raise Refusal(message)
        if self.name == self.many:
            message = f"One and many are both {self.name!r}. Give the plural: MANY=…"
            raise Refusal(message)
        tables = [
            *self.source.glob("migrations/versions/*.py"),
            *self.root.glob("libs/*/src/**/*.py"),
        ]
        used = re.compile(rf"create (unlogged )?table {self.name}\b")
        if any(used.search(one.read_text("utf-8")) for one in tables):
            message = f"The {self.service} has a table {self.name} already."
            raise Refusal(message)
        places = (self.source / self.many, self.source / f"{self.many}.py", self.tests)
        if taken := [one for one in places if one.exists()]:
            message = f"{taken[0].relative_to(self.root)} is there already."
            raise Refusal(message)

    def filled(self, template: str) -> str:
        """The text of a template."""
        return Template((TEMPLATES / template).read_text("utf-8")).substitute(self.words)


def revisions(folder: Path) -> tuple[str, str]:
    """The newest revision of a chain of migrations, and the id of the next one."""
    texts = [path.read_text("utf-8") for path in folder.glob("*.py")]
    found = [re.search(r'^revision = "(\w+)"$', text, re.MULTILINE) for text in texts]
    known = {one[1] for one in found if one}
    below = {
        name
        for text in texts
        for name in re.findall(r'^down_revision = "(\w+)"$', text, re.MULTILINE)
    }
    heads = sorted(known - below)
    if len(heads) != 1:
        message = f"The migrations in {folder} have not one newest revision, but {heads}."
        raise Refusal(message)
    letters, digits = re.fullmatch(r"(\D*)(\d+)", heads[0]).groups()  # type: ignore[union-attr] # all have digits
    numbers = (f"{letters}{at:0{len(digits)}d}" for at in count(int(digits) + 1))
    return heads[0], next(number for number in numbers if number not in known)


def written(module: NewModule) -> list[Path]:
    """Write the module's own files."""
    package = module.source / module.many
    names = [path.name.removesuffix(".txt") for path in TEMPLATES.glob("*.py.txt")]
    own = [name for name in names if name not in {"migration.py", "tests.py", "kind.py"}]
    migration = f"{module.words['revision']}_{module.many}.py"
    files = {package / name: module.filled(f"{name}.txt") for name in own} | {
        module.source / "migrations" / "versions" / migration: module.filled("migration.py.txt"),
        module.tests / f"test_{module.many}.py": module.filled("tests.py.txt"),
    }
    event = f"{module.words['kebab']}-changed.v1"
    example = module.root / "contracts" / "examples" / module.service / event / "created.json"
    files[example] = json.dumps(EXAMPLE, indent=2) + "\n"
    for path, text in files.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return [path for path in files if path.suffix == ".py"]


EXAMPLE = {
    "id": "01a20af0-883d-7161-a6f7-2f887920cb86",
    "version": 1,
    "changed": ["custom", "name", "note", "status"],
    "custom": {},
    "name": "Blue Harbour",
    "note": "",
    "status": "active",
}


def replaced(path: Path, pattern: str, new: str) -> Path:
    """Put a text in place of the first that matches. Raises Refusal where none does."""
    text, places = re.subn(
        pattern, lambda found: found.expand(new), path.read_text("utf-8"), count=1, flags=re.DOTALL
    )
    if not places:
        message = f"{path} has no place for it any more: {pattern}"
        raise Refusal(message)
    path.write_text(text, encoding="utf-8")
    return path


def registered(module: NewModule) -> list[Path]:
    """Name the module wherever modules are listed; the Python files that were changed."""
    words, service, many = module.words, module.service, module.many
    app, searched = module.source / "app.py", module.source / "searched.py"
    record, records = words["RECORD"], words["RECORDS"]
    lines = (
        f"from {service}.{many}.module import MODULE as {records}\n"
        f"from {service}.{many}.router import {module.name}\n"
    )
    replaced(app, rf"(?m)^(?=from {service}\.)", lines)
    replaced(app, r"((?:one\.sheet\s+for one in|_RECORDS =) \()", rf"\1{module.name}, ")
    replaced(app, r"(modules=\(.*?)_WHOLE", rf"\1{records}, _WHOLE")
    kept = (
        f'{record} = Kept(\n    "{module.name}", "name, sort_key",'
        ' "search_name(new.name, new.sort_key)"\n)\n'
    )
    replaced(searched, r"KEPT = \((.*?),?\n?\)\n", rf"{kept}KEPT = (\1, {record})\n")
    replaced(searched, r"\Z", f"{records} = {record}.searched()\n")
    replaced(searched, r"__all__ = \[", rf'\g<0>"{record}", "{records}",')
    kinds = module.root / "tests" / "records" / f"of_{service}.py"
    replaced(kinds, r"\n\)\s*\Z", f"\n{module.filled('kind.py.txt')})\n")
    _layered(module)
    texts = module.source / "locale" / "zh_CN.po"
    with texts.open("a", encoding="utf-8") as file:
        file.write(f'\nmsgid "{module.name}"\nmsgstr "{module.chinese}"\n')
    row = f"| {words['one']} | {module.chinese} | {GLOSSARY} | `{service}.{many}` |\n"
    heading = rf"(## {service.upper()}\b.*?\n\| --- .*?\n(?:\|.*?\n)*)"
    replaced(module.root / "docs" / "glossary.md", heading, rf"\1{row}")
    return [app, searched, kinds]


GLOSSARY = "Master data with a name and a note; say here what it means to the business."


def _layered(module: NewModule) -> None:
    """The contracts of import-linter: the highest business module, with internals of its own."""
    service, many, settings = module.service, module.many, module.root / "pyproject.toml"
    app = r'    "\(__main__\) : \(cli\) : \(demo\) : app",\n'
    replaced(settings, rf'(id = "{service}-layers".*?{app})', rf'\1    "({many})",\n')
    inside = rf'(id = "{service}-modules-inside".*?containers = \[[^\]]*)\]'
    replaced(settings, inside, rf'\1, "{service}.{many}"]')
    contract = f"""[[tool.importlinter.contracts]]
id = "{service}-{many.replace("_", "-")}-internals"
name = "{service}.{many} is entered by its service, events, errors and schemas only"
type = "protected"
protected_modules = ["{service}.{many}.models", "{service}.{many}.queries"]
allowed_importers = ["{service}.{many}"]
"""
    with settings.open("a", encoding="utf-8") as file:
        file.write(f"\n{contract}")


def plural(name: str) -> str:
    """The usual plural of an English word."""
    if re.search(r"[^aeiou]y$", name):
        return f"{name[:-1]}ies"
    return f"{name}es" if re.search(r"(s|x|z|ch|sh)$", name) else f"{name}s"


def make(module: NewModule) -> None:
    """Make the module and generate the contracts. Raises Refusal."""
    module.check()
    files = [str(path) for path in [*written(module), *registered(module)]]
    ruff = str(Path(sys.executable).parent / "ruff")
    for command in (
        [ruff, "format", "--quiet", *files],
        [ruff, "check", "--fix", "--quiet", *files],
        [ruff, "format", "--quiet", *files],
        [sys.executable, "-m", "contracts.generator", "generate"],
    ):
        subprocess.run(command, cwd=module.root, check=True, stdout=subprocess.DEVNULL)


def main() -> int:
    """Read the names, make the module, say what comes next."""
    parser = argparse.ArgumentParser(prog="make module", description=__doc__)
    parser.add_argument("name", help="one record, such as referral or price_list")
    parser.add_argument("service", choices=sorted(ROLES))
    parser.add_argument("--many", default="", help="its plural, where adding an s is wrong")
    parser.add_argument("--chinese", default="", help="its name in Chinese")
    given = parser.parse_args()
    many, chinese = given.many or plural(given.name), given.chinese or given.name.replace("_", " ")
    module = NewModule(HERE.parents[1], given.service, given.name, many, chinese)
    try:
        make(module)
    except Refusal as refusal:
        print(refusal, file=sys.stderr)
        return 2
    print(f"Made services/{given.service}/src/{given.service}/{many}. Next:")
    print("  make check")
    print(f"  make test ARGS=services/{given.service}/tests/{many}")
    print("CONTRIBUTING.md, A module, says where its own fields and rules go.")
    if not given.chinese:
        print(f"Its name in Chinese is missing: docs/glossary.md, {given.service} locale/zh_CN.po.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
