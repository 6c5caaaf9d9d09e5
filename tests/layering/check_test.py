#!/usr/bin/env python3
"""The layering check passes on this tree and fails when an arrow is added the wrong way."""
import pathlib
import shutil
import subprocess
import sys
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]


def run(root):
    done = subprocess.run([sys.executable, ROOT / "tests/layering/check.py", root], capture_output=True, text=True)
    return done.returncode, done.stdout


class LayeringTest(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.root = pathlib.Path(self.folder.name)
        for top in ("core", "privacy", "protocol", "aggregator", "client", "simulation", "cli", "docs", "tests/layering"):
            if (ROOT / top).exists():
                shutil.copytree(ROOT / top, self.root / top)
        self.addCleanup(self.folder.cleanup)

    def add(self, path, text):
        target = self.root / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text)

    def test_this_tree_passes(self):
        self.assertEqual(run(self.root), (0, ""))

    def test_an_include_against_the_arrows_fails(self):
        self.add("core/base/wrong.cc", '#include "aggregator/engine/actions.h"\n')
        code, said = run(self.root)
        self.assertEqual(code, 1)
        self.assertIn("core/base may not include aggregator/engine", said)

    def test_a_cmake_dependency_against_the_arrows_fails(self):
        path = self.root / "client/data/CMakeLists.txt"
        path.write_text("cairn_add_library(\n  SRCS x.cc\n  DEPS core/base aggregator/engine)\n")
        code, said = run(self.root)
        self.assertEqual(code, 1)
        self.assertIn("client/data may not depend on aggregator/engine", said)

    def test_a_header_outside_its_quarantine_fails(self):
        self.add("aggregator/engine/wrong.h", "#include <torch/torch.h>\n")
        code, said = run(self.root)
        self.assertEqual(code, 1)
        self.assertIn("belongs only in client/learning/torch", said)

    def test_a_cycle_in_the_arrows_fails(self):
        rules = self.root / "tests/layering/arrows.txt"
        rules.write_text(rules.read_text().replace("core/base              :", "core/base              : core/tensor", 1))
        code, said = run(self.root)
        self.assertEqual(code, 1)
        self.assertIn("cycle", said)


if __name__ == "__main__":
    unittest.main()
