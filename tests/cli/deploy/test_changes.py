"""What `cdk diff` says, as data."""

from __future__ import annotations

from twbot.cli.deploy.changes import Change, changes

SAID = """
Stack Plumbing-prod (twbot-prod-plumbing) (aws://000000000000/us-east-1)
Resources
[+] AWS::Events::Archive Archive Archive

Outputs
[+] Output ArchiveName ArchiveName: {"Value":{"Ref":"Archive"}}


Stack Ingress-prod (twbot-prod-ingress) (aws://000000000000/us-east-1)
There were no differences

Stack Egress-prod (twbot-prod-egress) (aws://000000000000/us-east-1)
Parameters
[~] Parameter BootstrapVersion BootstrapVersion: {"Type":"String"}

Resources
[~] AWS::Lambda::Function EgressFunction EgressFunction1234ABCD
 ├─ [~] Code
 │   └─ [~] .S3Key:
 │       ├─ [-] 1.zip
 │       └─ [+] 2.zip
 └─ [~] MemorySize
     ├─ [-] 512
     └─ [+] 1024
[~] AWS::SQS::Queue Tweets Tweets09B2D5C5 replace
 └─ [~] QueueName (requires replacement)
     ├─ [-] a
     └─ [+] b
[-] AWS::DynamoDB::Table Sent SentCDA325AC destroy

✨  Number of stacks with differences: 2
""".splitlines()


def test_resources_that_come_go_change_or_are_replaced() -> None:
    """By the stack they are in; outputs, parameters and values are not told."""
    assert changes(SAID) == [
        Change("twbot-prod-plumbing", "+", "Events Archive", "Archive"),
        Change("twbot-prod-egress", "~", "Lambda Function", "EgressFunction", ["Code", "MemorySize"]),
        Change("twbot-prod-egress", "~", "SQS Queue", "Tweets", ["QueueName"], replaced=True),
        Change("twbot-prod-egress", "-", "DynamoDB Table", "Sent"),
    ]
