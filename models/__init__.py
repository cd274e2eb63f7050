"""What is true and what may follow: tables, state machine, policy rules, escalation arithmetic, audit chain.

Nothing here does input or output, and nothing here imports another Signoff package.
"""
