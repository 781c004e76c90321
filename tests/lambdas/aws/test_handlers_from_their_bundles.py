"""The handlers as they run on AWS: from their built bundles, against moto, with X on loopback."""

from __future__ import annotations

import base64
import io
import json
import time
from typing import Any

import msgspec
import pytest
from PIL import Image

from tests.support.aws_account import BOT, KEYS, Account, request
from tests.support.bus_events import TWEET, bus_event, picture
from tests.support.loopback import Answer, answering
from tests.support.paths import EVENTS
from twbot.lambdas.ingress.signature import crc_response
from twbot.lambdas.ports import Keys


def recorded(name: str) -> str:
    return (EVENTS / name).read_text()


def analysed(images: list[dict[str, Any]]) -> dict[str, Any]:
    detail = {
        "Text": "@bot tell me a joke",
        "Author": "ada",
        "Summoned": True,
        "Twitter": {"TweetId": TWEET, "UserId": "42"},
        "Analysis": {"TextSentiment": "NEUTRAL", "Images": images},
    }
    return bus_event("MESSAGE_ANALYSED", detail)


def command(**other: Any) -> str:
    detail = {"Text": "A joke.", "ReplyToUserId": "42", "ReplyToTweetId": TWEET, **other}
    return json.dumps(bus_event("SEND_TWEET", detail))


def from_queue(account: Account, *bodies: str, tries: int = 1) -> dict[str, Any]:
    """The bodies, put on the queue and received as Lambda does."""
    sqs = account.client("sqs")
    for body in bodies:
        sqs.send_message(QueueUrl=account.queue, MessageBody=body)
    received = sqs.receive_message(QueueUrl=account.queue, MaxNumberOfMessages=10)["Messages"]
    return {
        "Records": [
            {
                "messageId": message["MessageId"],
                "receiptHandle": message["ReceiptHandle"],
                "body": message["Body"],
                "attributes": {"ApproximateReceiveCount": str(tries)},
                "messageAttributes": {},
                "eventSource": "aws:sqs",
                "eventSourceARN": "arn:aws:sqs:us-east-1:123456789012:tweets",
                "awsRegion": "us-east-1",
            }
            for message in received
        ]
    }


def kinds(account: Account) -> list[str]:
    return sorted(event["detail-type"] for event in account.on_the_bus())


def test_the_challenge_is_answered(account: Account) -> None:
    """GET with crc_token: the HMAC with the key from Secrets Manager."""
    event = {"httpMethod": "GET", "headers": None, "queryStringParameters": {"crc_token": "abc"}, "body": None}
    (result,) = account.run("ingress", event).results
    assert result["answer"]["statusCode"] == 200
    assert json.loads(result["answer"]["body"]) == {"response_token": crc_response("abc", KEYS.api_secret)}


@pytest.mark.parametrize(
    ("name", "raw"),
    [
        ("account_activity/tweet_create_events.mention.json", "TWITTER_TWEETED"),
        ("x_activity/post.mention.create.json", "TWITTER_TWEETED"),
    ],
)
def test_a_signed_post_of_either_generation_gets_on_the_bus_once(account: Account, name: str, raw: str) -> None:
    """Delivered twice, in two containers; the second time as base64, whose signature is still that of the bytes."""
    body = recorded(name)
    again = request(body) | {"body": base64.b64encode(body.encode()).decode(), "isBase64Encoded": True}
    with answering(Answer(200, {"data": {"id": TWEET}})) as x:
        first = account.run("ingress", request(body), X_URL=x.url)
        second = account.run("ingress", again, X_URL=x.url)
    assert [ran.results[0]["answer"]["statusCode"] for ran in (first, second)] == [200, 200], first.log
    found = kinds(account)
    assert found.count(raw) == 1
    assert len(found) == len(set(found))


def test_bytes_that_are_no_text_are_understood(account: Account) -> None:
    """API Gateway hands over base64; a wrong byte in a signed post costs one character."""
    body = (
        recorded("x_activity/post.mention.create.json").replace("hey @", "h\udc80y @").encode(errors="surrogateescape")
    )
    event = request("", raw=body)
    ran = account.run("ingress", event)
    assert ran.results[0]["answer"]["statusCode"] == 200, ran.log
    found = account.on_the_bus()
    assert {each["detail-type"]: each["detail"].get("Text") for each in found} == {
        "TWITTER_TWEETED": None,
        "MESSAGE_RECEIVED": "h\ufffdy @ExampleUser",
    }


def test_what_x_left_out_is_asked_for_once(account: Account) -> None:
    """The webhook asks X for nothing; the function behind POST_INCOMPLETE does, and EventBridge may call it twice."""
    body = json.loads(recorded("x_activity/post.mention.create.photo.json"))
    post, includes = body["data"]["payload"], body["data"].pop("includes")
    answer = Answer(200, {"data": post, "includes": includes})
    with answering(answer, answer) as x:
        account.run("ingress", request(json.dumps(body)))
        assert not x.asked
        (incomplete,) = [each for each in account.on_the_bus() if each["detail-type"] == "POST_INCOMPLETE"]
        ran = account.run("complete", incomplete, incomplete, X_URL=x.url)
    assert [result.get("error") for result in ran.results] == [None, None], ran.log
    (received,) = account.on_the_bus()
    assert (received["detail-type"], received["detail"]["Author"]) == ("MESSAGE_RECEIVED", "ada_example")


def test_a_wrong_signature_is_refused_and_nothing_published(account: Account) -> None:
    """403, and no call to the bus."""
    (result,) = account.run("ingress", request("{}", secret="another")).results
    assert result["answer"]["statusCode"] == 403
    assert account.aws.count("PutEvents") == 0


def test_an_unreadable_body_is_refused(account: Account) -> None:
    """What calls itself base64 and is none."""
    (result,) = account.run("ingress", request("{}") | {"body": "%%%", "isBase64Encoded": True}).results
    assert result["answer"]["statusCode"] == 400


def test_a_bus_that_is_down_makes_x_come_back(account: Account) -> None:
    """503 with Retry-After; the claim is released, so the next delivery gets through at once."""
    body = recorded("account_activity/follow_events.follow.json")
    account.aws.refusing["PutEvents"] = (500, "InternalException")
    (result,) = (ran := account.run("ingress", request(body))).results
    assert result["answer"]["statusCode"] == 503
    assert int(result["answer"]["headers"]["Retry-After"]) >= 1
    assert any(line.get("message") == "not published" and "event" in line for line in ran.lines)
    account.aws.refusing.clear()
    (result,) = account.run("ingress", request(body)).results
    assert result["answer"]["statusCode"] == 200
    assert kinds(account) == ["TWITTER_FOLLOWED"]


def test_keys_are_read_once_and_never_logged(account: Account) -> None:
    """Three webhooks in a container, one GetSecretValue; no key in any line."""
    body = recorded("account_activity/follow_events.follow.json")
    ran = account.run("ingress", *[request(body)] * 3)
    assert [result["answer"]["statusCode"] for result in ran.results] == [200] * 3
    assert account.aws.count("GetSecretValue") == 1
    for key in (KEYS.api_key + '"', KEYS.api_secret, KEYS.access_token_secret, KEYS.access_token):
        assert key not in ran.log


def test_the_secret_of_nobody_makes_x_come_back(account: Account) -> None:
    """An incomplete secret is named, its content is not."""
    account.client("secretsmanager").put_secret_value(SecretId="TwitterSecret", SecretString='{"ApiKey": "private"}')
    ran = account.run("ingress", request("{}"))
    assert ran.results[0]["answer"]["statusCode"] == 503
    assert "private" not in ran.log


def test_a_picture_is_fetched_into_the_bucket(account: Account) -> None:
    """From the origin that stands in for X; what it answers is what the workflow reads."""
    with answering(Answer(200, picture())) as x:
        event = {"Url": f"{x.url}/media/a.jpg", "TweetId": TWEET}
        ran = account.run("download", event, X_URL=x.url)
    answer = ran.results[0]["answer"]
    assert answer["Problem"] is None
    kept = account.client("s3").get_object(Bucket="media", Key=answer["Key"])
    assert kept["ContentType"] == "image/jpeg"
    assert Image.open(io.BytesIO(kept["Body"].read())).size == (400, 300)


def test_a_picture_server_that_is_down_is_temporary(account: Account) -> None:
    """By the name that the workflow's Retry knows; every line of the log carries the post."""
    with answering(Answer(503)) as x:
        ran = account.run("download", {"Url": f"{x.url}/a.jpg", "TweetId": TWEET}, X_URL=x.url)
    assert ran.results[0]["error"] == "Temporary"
    logged = [line for line in ran.lines if "level" in line]
    assert logged
    assert {line["correlation_id"] for line in logged} == {TWEET}


def test_a_picture_is_annotated_and_the_reply_commanded_once(account: Account) -> None:
    """The annotated picture in the bucket, SEND_TWEET on the bus; the second delivery adds nothing."""
    account.client("s3").put_object(Bucket="media", Key="k.jpg", Body=picture())
    box = {"Left": 0.3, "Top": 0.2, "Width": 0.2, "Height": 0.3}
    ada = {"Name": "Ada Lovelace", "Face": {"BoundingBox": box}, "MatchConfidence": 99.0}
    event = analysed([{"Key": "k.jpg", "Analysis": {"CelebrityFaces": [ada]}}])
    ran = account.run("image", event, event)
    assert ran.results == [{"answer": None}] * 2, ran.log
    (sent,) = account.on_the_bus()
    assert sent["detail-type"] == "SEND_TWEET"
    assert "Ada Lovelace" in sent["detail"]["Text"]
    drawn = account.client("s3").get_object(Bucket="media", Key=sent["detail"]["ImageKey"])["Body"].read()
    assert drawn != picture()


def test_a_picture_that_is_gone_is_told_in_words(account: Account) -> None:
    """The bucket forgets after a day; a replay still gets an answer."""
    account.run("image", analysed([{"Key": "gone.jpg", "Analysis": {}}]))
    (sent,) = account.on_the_bus()
    assert "ImageKey" not in sent["detail"]


def test_an_event_that_is_none_fails_with_the_reason(account: Account) -> None:
    """Lambda puts it among the dead letters, with this message as its attribute."""
    (result,) = account.run("image", bus_event("MESSAGE_ANALYSED", {"Text": "x"})).results
    assert result["error"] == "BadEvent"
    assert "Author" in result["says"]


def test_a_text_is_answered_by_lex(account: Account) -> None:
    """What Lex says becomes SEND_TWEET; Lex is told which post it is about."""
    with answering(Answer(200, {"messages": [{"content": "Ha.", "contentType": "PlainText"}]})) as lex:
        bot = {"BOT_ID": "B" * 10, "BOT_ALIAS_ID": "A" * 10}
        ran = account.run("text", analysed([]), AWS_ENDPOINT_URL_LEX_RUNTIME_V2=lex.url, **bot)
    assert ran.results == [{"answer": None}], ran.log
    (asked,) = lex.asked
    assert asked.path == f"/bots/{'B' * 10}/botAliases/{'A' * 10}/botLocales/en_US/sessions/x-42/text"
    assert asked.json["requestAttributes"] == {"CallerRuns": "true", "TweetId": TWEET}
    assert [event["detail"]["Text"] for event in account.on_the_bus()] == ["Ha."]


def test_lex_fulfils_with_a_joke(account: Account) -> None:
    """In Lex V2's shape; where the public service is out of reach, one of ours."""
    event = {"sessionState": {"intent": {"name": "Joke", "state": "ReadyForFulfillment"}}, "requestAttributes": None}
    (result,) = account.run("fulfilment", event, HTTPS_PROXY="http://127.0.0.1:9").results
    assert result["answer"]["sessionState"]["intent"]["state"] == "Fulfilled"
    assert result["answer"]["messages"][0]["content"]


def test_a_reply_is_posted_once(account: Account) -> None:
    """Two commands for a post, in two containers: one reply on X, one TWEET_SENT."""
    account.client("s3").put_object(Bucket="media", Key="r.jpg", Body=picture())
    with answering(Answer(200, {"data": {"id": "77"}})) as x:
        for _ in range(2):
            ran = account.run("egress", from_queue(account, command(ImageKey="r.jpg")), X_URL=x.url)
            assert ran.results == [{"answer": {"batchItemFailures": []}}], ran.log
    assert [asked.path for asked in x.asked] == ["/2/media/upload", "/2/tweets"]
    assert kinds(account) == ["TWEET_SENT"]


def test_no_reply_while_paused(account: Account) -> None:
    """The item that `twbot replies pause` writes is in force at once: nothing is asked of X."""
    account.dynamodb.put_item(TableName="replies", Item={"id": {"S": "switch"}, "value": {"S": '{"paused":true}'}})
    with answering(Answer(200, {"data": {"id": "77"}})) as x:
        ran = account.run("egress", from_queue(account, command()), X_URL=x.url)
    assert ran.results == [{"answer": {"batchItemFailures": []}}], ran.log
    assert (x.asked, kinds(account)) == ([], ["TWEET_WITHHELD"])


def test_a_limit_counts_what_was_posted(account: Account) -> None:
    """One an hour to a person: of two posts of theirs, one gets a reply."""
    account.dynamodb.put_item(TableName="replies", Item={"id": {"S": "switch"}, "value": {"S": '{"per_person":1}'}})
    commands = (command(ReplyToTweetId=post, ReplyToUserId="5") for post in ("1", "2"))
    with answering(Answer(200, {"data": {"id": "77"}})) as x:
        account.run("egress", from_queue(account, *commands), X_URL=x.url)
    assert len(x.asked) == 1
    assert sorted(kinds(account)) == ["TWEET_SENT", "TWEET_WITHHELD"]


def test_a_reply_waits_as_x_says(account: Account) -> None:
    """429 with a reset: that message alone comes back, hidden until then; the others of the batch are posted."""
    reset = {"x-rate-limit-remaining": "0", "x-rate-limit-reset": str(int(time.time()) + 600)}
    event = from_queue(account, command(), command(ReplyToTweetId="2"))
    with answering(Answer(429, {"title": "Too Many Requests"}, reset), Answer(200, {"data": {"id": "77"}})) as x:
        ran = account.run("egress", event, X_URL=x.url)
    failures = ran.results[0]["answer"]["batchItemFailures"]
    assert failures == [{"itemIdentifier": event["Records"][0]["messageId"]}]
    (hidden,) = [call for call in account.aws.calls if call.operation == "ChangeMessageVisibility"]
    assert 590 <= msgspec.json.decode(hidden.body)["VisibilityTimeout"] <= 602
    (line,) = [line for line in ran.lines if line.get("message") == "reply put off"]
    assert line["correlation_id"] == json.loads(event["Records"][0]["body"])["detail"]["ReplyToTweetId"]
    assert kinds(account) == ["TWEET_SENT"]


def test_a_wait_beyond_twelve_hours_is_cut_to_what_sqs_takes(account: Account) -> None:
    """The day's limit: SQS hides nothing longer than twelve hours."""
    reset = {"x-user-limit-24hour-remaining": "0", "x-user-limit-24hour-reset": str(int(time.time()) + 80_000)}
    with answering(Answer(429, {}, reset)) as x:
        ran = account.run("egress", from_queue(account, command()), X_URL=x.url)
    assert len(ran.results[0]["answer"]["batchItemFailures"]) == 1
    (hidden,) = [call for call in account.aws.calls if call.operation == "ChangeMessageVisibility"]
    assert 42_000 < msgspec.json.decode(hidden.body)["VisibilityTimeout"] <= 43_200


def test_what_x_refuses_is_told_and_off_the_queue(account: Account) -> None:
    """403: TWEET_FAILED with the reason class, no retry."""
    with answering(Answer(403, {"detail": "You can only reply where you are mentioned.", "status": 403})) as x:
        ran = account.run("egress", from_queue(account, command()), X_URL=x.url)
    assert ran.results == [{"answer": {"batchItemFailures": []}}]
    (failed,) = account.on_the_bus()
    assert (failed["detail-type"], failed["detail"]["Reason"]) == ("TWEET_FAILED", "not-summoned")


def test_waits_that_x_asks_for_are_no_failures(account: Account) -> None:
    """The fortieth delivery of a reply is one more; only failures count, and the thirtieth makes a dead letter."""
    reset = {"x-rate-limit-remaining": "0", "x-rate-limit-reset": str(int(time.time()) + 600)}
    event = from_queue(account, command())
    (record,) = event["Records"]
    record["attributes"]["ApproximateReceiveCount"] = "40"
    with answering(Answer(429, {}, reset), Answer(500, {}), *[Answer(500, {})] * 40) as x:
        for _ in range(2):
            ran = account.run("egress", event, X_URL=x.url)
            assert len(ran.results[0]["answer"]["batchItemFailures"]) == 1
        assert account.messages(account.dead) == []
        tries = {"id": {"S": f"tries:{record['messageId']}"}, "tries": {"N": "29"}}
        account.dynamodb.put_item(TableName="sent", Item=tries)
        ran = account.run("egress", event, X_URL=x.url)
    assert ran.results == [{"answer": {"batchItemFailures": []}}], ran.log
    (dead,) = account.messages(account.dead)
    assert dead["MessageAttributes"]["ERROR_MESSAGE"]["StringValue"].startswith("outcome-unknown: ")
    paths = [asked.path.partition("?")[0] for asked in x.asked]
    assert paths == ["/2/tweets", "/2/tweets", f"/2/users/{BOT}/tweets"]


def test_an_unheard_answer_is_found_on_x(account: Account) -> None:
    """X says 500 and has posted the reply: the next delivery finds it on the bot's timeline and posts nothing."""
    event = from_queue(account, command())
    tweet = json.loads(event["Records"][0]["body"])["detail"]["ReplyToTweetId"]
    there = {"id": "77", "text": "x", "referenced_tweets": [{"type": "replied_to", "id": tweet}]}
    timeline = {"data": [there], "meta": {"result_count": 1}}
    with answering(Answer(500, {}), Answer(200, timeline)) as x:
        for _ in range(2):
            ran = account.run("egress", event, X_URL=x.url)
    assert ran.results == [{"answer": {"batchItemFailures": []}}], ran.log
    (sent,) = account.on_the_bus()
    assert (sent["detail-type"], sent["detail"]["TweetId"]) == ("TWEET_SENT", "77")


def test_keys_that_x_refuses_are_read_again(account: Account) -> None:
    """Somebody put new ones there while the container was warm: the same command succeeds with them."""
    fresh = Keys(api_key="key", api_secret="s2", access_token=f"{BOT}-new", access_token_secret="t2")

    class Renewing(list[Answer]):
        def pop(self, index: Any = -1) -> Answer:
            account.put_keys(fresh)
            return super().pop(index)

    with answering() as x:
        x.answers = Renewing([Answer(401, {}), Answer(200, {"data": {"id": "77"}})])
        ran = account.run("egress", from_queue(account, command()), X_URL=x.url)
    assert ran.results == [{"answer": {"batchItemFailures": []}}], ran.log
    assert account.aws.count("GetSecretValue") == 2
    assert f"{BOT}-new" in x.asked[1].headers["Authorization"]


@pytest.mark.parametrize("body", ["no json", command(Text=7)])
def test_a_command_that_cannot_be_read_is_a_dead_letter_with_the_reason(account: Account, body: str) -> None:
    """It is acknowledged, and lies among the dead letters as it came."""
    ran = account.run("egress", from_queue(account, body))
    assert ran.results == [{"answer": {"batchItemFailures": []}}], ran.log
    (dead,) = account.messages(account.dead)
    assert dead["Body"] == body
    assert dead["MessageAttributes"]["ERROR_MESSAGE"]["StringValue"]


def test_without_dead_letters_it_comes_back(account: Account) -> None:
    """Nothing is lost where nobody said where dead letters go."""
    ran = account.run("egress", from_queue(account, "no json"), DEAD_LETTER_QUEUE_URL="")
    assert len(ran.results[0]["answer"]["batchItemFailures"]) == 1


def test_events_become_lines_in_their_hour(account: Account) -> None:
    """Firehose's records: an event with a newline and its folder; what is none is marked, and counted."""
    event = base64.b64encode(command().encode()).decode()
    records = [{"recordId": "1", "data": event}, {"recordId": "2", "data": base64.b64encode(b"{").decode()}]
    ran = account.run("transform", {"invocationId": "i", "deliveryStreamArn": "arn", "records": records})
    good, bad = ran.results[0]["answer"]["records"]
    assert good["result"] == "Ok"
    assert base64.b64decode(good["data"]).endswith(b"}\n")
    assert bad["result"] == "ProcessingFailed"
    assert any(line.get("UnreadableEvents") == [1.0] for line in ran.lines)
