"""Who may compute when: accounts in virtual time, and the queues of those who have to wait."""
