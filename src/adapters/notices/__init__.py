"""Notices: what people are told where they work, by Slack or by e-mail."""
