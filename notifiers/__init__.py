"""How a message looks and how it leaves: rendering (pure), Slack, e-mail, the publishing webhook."""
