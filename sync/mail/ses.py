"""Letters through SES v2.

`SendEmail` has no token against repetition, and boto3's default retries sent one mail three times. So
every call is made once; a missing answer is reported as unknown.
"""

from botocore.exceptions import BotoCoreError, ClientError, ParamValidationError

from server.errors import AccountFault, CloudError, Throttled
from server.settings import CloudSection, MailSection
from sync.aws import client, translated, unsent
from sync.mail.letter import Letter

FAULTS_OF_MAILS = frozenset({"MessageRejected", "BadRequestException", "ValidationException"})
UNVERIFIED = "not verified"  # so SES says it of senders, and in the sandbox of recipients


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
            raise _refusal(error, letter) from error
        except ParamValidationError as error:
            raise CloudError(f"SES cannot take this letter: {error}", accepted=False) from error
        except BotoCoreError as error:
            raise unsent(error, "SES") from error
        return str(answer["MessageId"])


def _refusal(error: ClientError, letter: Letter) -> CloudError:
    """Whose fault a refusal is: the mail's, or that of the account, for all mails or for one recipient.

    Codes of https://docs.aws.amazon.com/ses/latest/APIReference-V2/API_SendEmail.html#API_SendEmail_Errors;
    one that is not known is no fault of the mail, which then waits, and costs the others a pause only.
    """
    told = translated(error, "SES")
    if told.accepted is None or isinstance(told, Throttled):
        return told
    if told.code == "MessageRejected" and UNVERIFIED in told.sentence:
        return AccountFault(told.sentence, told.code, halts=letter.sender in told.sentence)
    return told if told.code in FAULTS_OF_MAILS else AccountFault(told.sentence, told.code)
