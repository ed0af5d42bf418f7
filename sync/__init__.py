"""The workers for the cloud: chunks to DynamoDB, letters to SES."""
