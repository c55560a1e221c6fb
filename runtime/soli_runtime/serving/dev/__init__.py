"""What `soli run --dev` adds to an app: reloading, messages over its pages, a dashboard."""
