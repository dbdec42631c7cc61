"""Takes the recipes of the README: `take.py README FOLDER`."""

import pathlib
import re
import sys

readme, folder = map(pathlib.Path, sys.argv[1:])
section = readme.read_text().split("\n## Servers for tests\n")[1].split("\n## ")[0]
blocks = re.findall(r"^```(\w+)\n(.*?)^```$", section, re.DOTALL | re.MULTILINE)


def first(language):
    return next(text for found, text in blocks if found == language)


(folder / "seed.yaml").write_text(first("yaml"))
(folder / "recipe.sh").write_text(first("sh"))
(folder / "conftest.py").write_text(first("python"))
(folder / "phaseflag.setup.mjs").write_text(first("js"))
