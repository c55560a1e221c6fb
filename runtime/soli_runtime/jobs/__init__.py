"""Background jobs and schedules: the queue, cron lines, the builtins, the worker."""
