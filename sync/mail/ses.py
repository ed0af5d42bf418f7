"""Letters through SES v2.

`SendEmail` has no token against repetition, and boto3's default retries sent one mail three times. So
every call is made once; a missing answer is reported as unknown.
"""

from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    ConnectTimeoutError,
    EndpointConnectionError,
    NoCredentialsError,
    PartialCredentialsError,
    ProxyConnectionError,
)

from server.errors import CloudError, Unreachable
from server.settings import CloudSection, MailSection
from sync.aws import client, translated
from sync.mail.letter import Letter

NEVER_LEFT = (
    ConnectTimeoutError, EndpointConnectionError, ProxyConnectionError, NoCredentialsError,
    PartialCredentialsError,
)  # fmt: skip


class Ses:
    """The mailer of a company with AWS, as sync.mail.mailer.Mailer."""

    def __init__(self, mail: MailSection, cloud: CloudSection) -> None:
        self._client = client("sesv2", cloud, mail.endpoint_url)
        self._configuration_set = mail.configuration_set

    def send(self, letter: Letter) -> str:
        """Send once; the message's id."""
        options: dict[str, object] = {}
        if self._configuration_set:
            options["ConfigurationSetName"] = self._configuration_set
        try:
            answer = self._client.send_email(
                FromEmailAddress=letter.sender,
                Destination={"ToAddresses": [letter.recipient]},
                Content={
                    "Simple": {
                        "Subject": {"Data": letter.subject, "Charset": "UTF-8"},
                        "Body": {
                            "Text": {"Data": letter.text, "Charset": "UTF-8"},
                            "Html": {"Data": letter.html, "Charset": "UTF-8"},
                        },
                        "Headers": [{"Name": "X-Boardwalk-Id", "Value": letter.tag}],
                    }
                },
                EmailTags=[{"Name": "bw_id", "Value": letter.tag}],
                **options,
            )
        except ClientError as error:
            raise translated(error, "SES") from error
        except NEVER_LEFT as error:
            raise Unreachable(f"SES is not reached: {error}") from error
        except BotoCoreError as error:
            raise CloudError(f"SES did not answer: {error}", accepted=None) from error
        return str(answer["MessageId"])
