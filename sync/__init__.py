"""The way to the cloud: chunks to DynamoDB, letters to SES."""
