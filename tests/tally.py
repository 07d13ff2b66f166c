# SPDX-License-Identifier: LGPL-2.1-or-later
"""tally.py STAGE TESTLOG [STRICT]: prints the log of every test that failed, and at the end "PASSED FAILED SKIPPED".

TESTLOG is Meson's testlog.json, one object a line.  STRICT: a skipped test has failed.
"""
import json
import sys


def main(stage, path, strict=False):
    passed = failed = skipped = 0
    with open(path, encoding="utf-8") as log:
        for line in log:
            test = json.loads(line)
            result = test["result"]
            if result in ("OK", "EXPECTEDFAIL"):
                passed += 1
                continue
            if result == "SKIP" and not strict:
                skipped += 1
                print(f"skipped: {test['name']} ({stage})")
                continue
            failed += 1
            why = "skipped, though nothing may" if result == "SKIP" else f"{result}, exit status {test['returncode']}"
            print(f"---- {test['name']} ({stage}): {why}, {test['duration']:.1f} s")
            print("     " + " ".join(test["command"]))
            for stream in ("stdout", "stderr"):
                text = (test.get(stream) or "").rstrip()
                if text:
                    print(text)
    print(passed, failed, skipped)


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], len(sys.argv) > 3)
