"""MiniStack, with what AWS has and it has not yet. It serves https on a free port of 127.0.0.1 until it is ended.

What happens goes to stdout, a JSON object a line: the port, each call that IAM allowed or refused a role, each mail, what
functions log. Settings are MiniStack's own, in the environment: AUTH, USE_SSL, MINISTACK_SSL_CERT and so on."""

import asyncio
import base64
import contextvars
import json
import os
import re
import socket
import threading

listener = socket.create_server(("127.0.0.1", 0))
port = listener.getsockname()[1]
# MiniStack reads it when it is imported.
os.environ["GATEWAY_PORT"] = str(port)

from hypercorn.asyncio import serve
from hypercorn.config import Config
from ministack import app
from ministack.core import iam_actions, iam_evaluator, lambda_runtime, tls
from ministack.services import lambda_svc, s3, ses, ses_v2
from ministack.services.cloudformation import provisioners


one_at_a_time = threading.Lock()


def tell(**event):
    with one_at_a_time:
        print(json.dumps(event), flush=True)


def instead_of(module, name):
    """Puts the decorated function into the module; its first argument is the one that was there."""

    def put(ours):
        theirs = getattr(module, name)
        setattr(module, name, lambda *args, **kwargs: ours(theirs, *args, **kwargs))
        return ours

    return put


@instead_of(iam_actions, "extract_iam_action")
def action(theirs, *request):
    """IAM authorizes a batch as the single action: it knows no `sqs:SendMessageBatch`."""
    found = theirs(*request)
    return re.sub(r"^(sqs:.+)Batch$", r"\1", found) if found else found


verified_recipient = contextvars.ContextVar("verified_recipient", default=None)


@instead_of(iam_actions, "extract_resource_arn")
def resource(theirs, service, method, path, headers, body, params, region, account):
    """SES authorizes mail on the identity that it is sent as, and in its sandbox on the recipient's too."""

    def identity(parameter):
        found = ses._notification_identity(iam_actions._query_param(params, parameter))
        return f"arn:aws:ses:{region}:{account}:identity/{found[0]}" if found else None

    mail = service == "ses" and iam_actions._query_param(params, "Source")
    verified_recipient.set(identity("Destinations.member.1") if mail else None)
    return (mail and identity("Source")) or theirs(service, method, path, headers, body, params, region, account)


@instead_of(iam_actions, "request_tag_context")
def context(theirs, service, iam_action, body, params):
    """Two condition keys that our roles name."""
    found = theirs(service, iam_action, body, params)
    if iam_action == "ses:SendRawEmail":
        found["ses:FromAddress"] = iam_actions._query_param(params, "Source")
    if service == "dynamodb":
        request = json.loads(body)
        # The partition key of all our tables is `pk`. In a transaction each item has its own: MiniStack has no place for them.
        key = (request.get("Key") or request.get("Item") or {}).get("pk")
        queried = re.search(r"\bpk = (:\w+)", request.get("KeyConditionExpression") or "")
        if queried:
            key = request["ExpressionAttributeValues"][queried[1]]
        if key:
            found["dynamodb:LeadingKeys"] = [key["S"]]
    return found


@instead_of(iam_evaluator, "enforce")
def enforce(theirs, access_key, iam_action, *args, **kwargs):
    denied = theirs(access_key, iam_action, *args, **kwargs)
    recipient = verified_recipient.get()
    if iam_action == "ses:SendRawEmail" and recipient and not denied:
        kwargs["resource_arn"] = recipient
        denied = theirs(access_key, iam_action, *args, **kwargs)
    who = iam_evaluator.caller_arn()
    if ":assumed-role/" in who or denied:
        tell(call={"who": who, "action": iam_action, "on": kwargs.get("resource_arn", "*"), "allowed": denied is None})
    return denied


@instead_of(provisioners, "_cw_metric_alarm_record")
def alarm(theirs, name, properties):
    """MiniStack refuses metric math. It keeps such an alarm as one of the first metric in the expression."""
    stat = next((query["MetricStat"] for query in properties.get("Metrics") or [] if "MetricStat" in query), None)
    if stat:
        properties = {**properties, **stat["Metric"], "Metrics": None, "Period": stat["Period"]}
    return theirs(name, properties)


deletes_bucket = provisioners._RESOURCE_HANDLERS["AWS::S3::Bucket"]["delete"]


def delete_bucket(name, properties):
    """CloudFormation deletes empty buckets only."""
    if s3._buckets[name]["objects"]:
        raise ValueError("The bucket you tried to delete is not empty")
    return deletes_bucket(name, properties)


provisioners._RESOURCE_HANDLERS["AWS::S3::Bucket"]["delete"] = delete_bucket


@instead_of(ses, "_send_raw_email")
def send_raw_email(theirs, params):
    """MiniStack keeps no raw mail, and publishes none of the events that a configuration set asks for."""
    answer = theirs(params)
    accepted = re.search(r"<MessageId>(.+?)</MessageId>", str(answer[2]))
    if accepted:
        configuration_set = ses._p(params, "ConfigurationSetName")
        destinations = ses_v2._config_sets[configuration_set]["EventDestinations"].values()
        tags = [name for name in params if re.fullmatch(r"Tags\.member\.\d+\.Name", name)]
        tell(
            mail={
                "id": accepted[1],
                "to": ses._p(params, "Destinations.member.1"),
                "source": ses._p(params, "Source"),
                "configurationSet": configuration_set,
                "tags": {ses._p(params, tag): ses._p(params, tag.removesuffix("Name") + "Value") for tag in tags},
                "raw": base64.b64decode(ses._p(params, "RawMessage.Data")).decode("latin-1"),
                "topics": [to["SnsDestination"]["TopicArn"] for to in destinations if "SnsDestination" in to],
            }
        )
    return answer


updating = threading.local()


@instead_of(lambda_svc, "_update_code")
@instead_of(lambda_svc, "_update_config")
def update(theirs, function, data):
    updating.now = True
    try:
        return theirs(function, data)
    finally:
        updating.now = False


@instead_of(lambda_svc, "invalidate_worker")
def invalidate_worker(theirs, function, **scope):
    """An update lets invocations end: MiniStack kills them."""
    if getattr(updating, "now", False):
        with lambda_runtime._lock:
            for key, pool in lambda_runtime._workers.items():
                if key.split(":")[2] == function:
                    pool[:] = [worker for worker in pool if not worker.in_use]
    return theirs(function, **scope)


@instead_of(lambda_svc, "_emit_lambda_logs")
def emit_lambda_logs(theirs, function, request_id, text, *args, **kwargs):
    for line in (text or "").splitlines():
        tell(log=line)
    return theirs(function, request_id, text, *args, **kwargs)


config = Config()
# Not by MiniStack's own main: that takes port 443 as well where it can.
config.bind = [f"fd://{listener.detach()}"]
config.certfile, config.keyfile = tls.resolve_tls_material()
config.keep_alive_timeout = 75
tell(port=port)
asyncio.run(serve(app.app, config))
