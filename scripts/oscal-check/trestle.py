"""Imports OSCAL JSON documents into a fresh trestle workspace and validates them.

Usage: trestle.py TRESTLE FILE...

Trestle resolves the profile of a system security plan, catalog included, from
the network if need be. So the workspace gets a copy of the plan whose
import-profile names a local copy of the profile, whose imports in turn name
local files: those the hrefs name, or files of the same name beside the
documents. Where the chain does not end in local files, a stand-in catalog of
the controls the plan implements takes its place. Nothing else is altered.
"""

import json
import os
import pathlib
import re
import subprocess
import sys
import tempfile
import urllib.parse
import uuid

ORDER = [
    "catalog",
    "profile",
    "mapping-collection",
    "component-definition",
    "system-security-plan",
    "assessment-plan",
    "assessment-results",
    "plan-of-action-and-milestones",
]
SHOWN = 20


class NotLocal(Exception):
    """An import that no local file answers."""


class Workspace:
    def __init__(self, trestle, files, root):
        self.trestle = trestle
        self.copies = root / "copies"
        self.copies.mkdir()
        self.folder = root / "workspace"
        self.folder.mkdir()
        self.beside = {}
        for file in files:
            for path in file.resolve().parent.glob("*.json"):
                self.beside.setdefault(path.name, path)
        code, output = self.run("init")
        if code:
            sys.exit("oscal-check: trestle init failed\n" + output)

    def run(self, *args):
        # Whatever trestle might still fetch goes to a port nobody listens on.
        closed = "http://127.0.0.1:9"
        env = {**os.environ, "HTTPS_PROXY": closed, "https_proxy": closed, "NO_PROXY": ""}
        env.pop("no_proxy", None)
        done = subprocess.run(
            [self.trestle, *args],
            cwd=self.folder,
            env=env,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        return done.returncode, done.stdout

    def copy(self, document):
        path = self.copies / f"{uuid.uuid4()}.json"
        path.write_text(json.dumps(document), encoding="utf-8")
        return str(path)

    def local(self, href, base, resources):
        """The local file behind an href."""
        hrefs = [href]
        if href.startswith("#"):
            hrefs = [
                link["href"]
                for r in resources
                if r.get("uuid") == href[1:]
                for link in r.get("rlinks", [])
            ]
        for candidate in hrefs:
            url = urllib.parse.urlsplit(candidate)
            path = pathlib.Path(urllib.parse.unquote(url.path))
            near = base / path
            if path.suffix == ".json" and not url.netloc and near.is_file():
                return near.resolve()
        for candidate in hrefs:
            name = pathlib.PurePosixPath(urllib.parse.urlsplit(candidate).path).name
            if name in self.beside:
                return self.beside[name]
        raise NotLocal(href)

    def profile(self, href, base, resources, chain=()):
        """Copies a profile, or names a catalog, such that all imports are local."""
        path = self.local(href, base, resources)
        if path in chain:
            raise NotLocal(f"{href}, which imports itself")
        document = json.loads(path.read_bytes())
        if "catalog" in document:
            return str(path)
        body = document["profile"]
        inner = body.get("back-matter", {}).get("resources", [])
        for imported in body["imports"]:
            imported["href"] = self.profile(
                imported["href"], path.parent, inner, (*chain, path)
            )
        return self.copy(document)

    def stand_in(self, plan):
        """A profile of a catalog that holds no more than the plan's controls."""
        metadata = {
            "title": "Stand-in",
            "last-modified": "2000-01-01T00:00:00Z",
            "version": "0",
            "oscal-version": plan["metadata"]["oscal-version"],
        }
        controls = {}
        for requirement in plan["control-implementation"]["implemented-requirements"]:
            of_catalog = re.findall(
                r'"param-id": "([a-z]{2}-[0-9.]+_[^"]*)"', json.dumps(requirement)
            )
            control = controls.setdefault(requirement["control-id"], {})
            control.update({"id": requirement["control-id"], "title": "Stand-in"})
            if of_catalog:
                control["params"] = [{"id": i, "label": i} for i in sorted(set(of_catalog))]
        catalog = {"uuid": str(uuid.uuid4()), "metadata": metadata}
        catalog["controls"] = list(controls.values())
        href = self.copy({"catalog": catalog})
        profile = {"uuid": str(uuid.uuid4()), "metadata": metadata}
        profile["imports"] = [{"href": href, "include-all": {}}]
        return self.copy({"profile": profile})

    def plan(self, file, document):
        """A copy of a system security plan that imports a local profile."""
        plan = document["system-security-plan"]
        resources = plan.get("back-matter", {}).get("resources", [])
        link = plan["import-profile"]
        note = ""
        try:
            link["href"] = self.profile(link["href"], file.resolve().parent, resources)
        except NotLocal as missing:
            note = f", with a stand-in for {missing}"
            link["href"] = self.stand_in(plan)
        return self.copy(document), note

    def check(self, number, file, kind, document):
        source, note = str(file.resolve()), ""
        name = f"d{number}"
        if kind == "system-security-plan":
            try:
                source, note = self.plan(file, document)
            except (KeyError, TypeError, AttributeError):
                pass  # not shaped like a plan, which trestle then says
        for args in (
            ("import", "-f", source, "-o", name),
            ("validate", "-t", kind, "-n", name),
        ):
            code, output = self.run(*args)
            if code:
                return verdict("FAIL", file, f"{kind}, trestle {args[0]}{note}", output)
        return verdict("ok", file, kind + note)


def verdict(word, file, detail, output=""):
    print(f"{word:4}  trestle     {file}  {detail}")
    lines = [line for line in output.splitlines() if line.strip()]
    for line in lines[:SHOWN]:
        print("      " + line[:400])
    if len(lines) > SHOWN:
        print(f"      … and {len(lines) - SHOWN} more lines")
    sys.stdout.flush()
    return word != "FAIL"


def main():
    trestle, *names = sys.argv[1:]
    ok = True
    known = []
    for name in names:
        file = pathlib.Path(name)
        try:
            document = json.loads(file.read_bytes())
        except ValueError as err:
            ok = verdict("FAIL", file, f"not JSON: {err}")
            continue
        kinds = [k for k in ORDER if isinstance(document, dict) and k in document]
        if len(kinds) == 1:
            known.append((ORDER.index(kinds[0]), len(known), file, kinds[0], document))
        else:
            ok = verdict("FAIL", file, "not one OSCAL document")
    with tempfile.TemporaryDirectory(prefix="oscal-check") as tmp:
        workspace = Workspace(trestle, [k[2] for k in known], pathlib.Path(tmp))
        for _, number, file, kind, document in sorted(known, key=lambda k: k[:2]):
            ok = workspace.check(number, file, kind, document) and ok
    return 0 if ok else 1


sys.exit(main())
