"""A CDK command and a CloudFormation for the commands that deploy."""

from __future__ import annotations

import fcntl
import os
from pathlib import Path

import pytest

from twbot.cli.main import run

# As the real one speaks; what it does stands in the file `mode` beside it.
CDK = """
import pathlib, signal, sys, time
here = pathlib.Path(__file__).parent
(here / "asked").open("a").write(" ".join(sys.argv[1:]) + "\\n")
mode = (here / "mode").read_text()
verb = sys.argv[1]
signal.signal(signal.SIGINT, lambda *_: ((here / "told").touch(), sys.exit(130)))
def say(line):
    print(line, flush=True)
if verb == "diff":
    for name in ("Plumbing", "Ingress"):
        say(f"Stack {name}-prod (twbot-prod-{name.lower()}) (aws://1/us-east-1)")
        say("Resources\\n[+] AWS::SQS::Queue Tweets Tweets09B2D5C5\\n")
if verb in ("deploy", "destroy"):
    say("Plumbing-prod (twbot-prod-plumbing): deploying... [1/7]")
    say("\\x1b[32m✅  Plumbing-prod (twbot-prod-plumbing)\\x1b[0m")
    say("Ingress-prod (twbot-prod-ingress): deploying... [2/7]")
    what = "AWS::SQS::Queue | Ingress-prod/Q (Q1) AKIA" + "A" * 16
    say(f"twbot-prod-ingress | 2/18 | 8:18:18 AM | CREATE_IN_PROGRESS | {what}")
if mode == "hang" and verb != "diff":
    say("hanging")
    time.sleep(60)
if mode == "rollback" and verb == "deploy":
    say("twbot-prod-ingress | 2/18 | 8:18:19 AM | CREATE_FAILED | AWS::SQS::Queue | Ingress-prod/Q (Q1) Quota reached")
    say(" ❌  Ingress-prod (twbot-prod-ingress) failed: DeploymentError: it may need to be manually deleted")
    sys.exit(1)
once = here / "once"
if mode == "late" and verb == "destroy" and not once.exists():
    once.touch()
    say("twbot-test-analytics | 3 | 8:18:15 AM | DELETE_FAILED | AWS::S3::Bucket | Analytics-test/Lake (Lake1) "
        "The bucket you tried to delete is not empty")
    sys.exit(1)
if mode == "failing" and verb == "diff":
    say("Assuming role failed: ExpiredToken")
    sys.exit(1)
"""


def synthesized(factory: pytest.TempPathFactory) -> Path:
    """What `twbot synth` writes for prod, once for all workers of a test run."""
    base = factory.getbasetemp()
    base = base.parent if "PYTEST_XDIST_WORKER" in os.environ else base
    folder = base / "twbot-synth"
    with (base / "twbot-synth.lock").open("w") as lock, pytest.MonkeyPatch.context() as patch:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (folder / "done").exists():
            folder.mkdir(exist_ok=True)
            patch.chdir(folder)
            for name in [name for name in os.environ if name.startswith("AWS_")]:
                patch.delenv(name)
            for proxy in ("HTTPS_PROXY", "HTTP_PROXY"):
                patch.setenv(proxy, "http://127.0.0.1:9")
            patch.setenv("TWBOT_BUNDLES", "installed")
            patch.setenv("XDG_CACHE_HOME", str(base / "cache"))
            assert run(["synth", "--account-id", "999999", "--output", str(folder / "prod")]) == 0
            (folder / "done").touch()
    return folder / "prod"
