"""The sending of mails: letters, the worker that sends them, and the services that take them."""
