"""Values kept by key: `Cache`, `KV`, `RateLimiter`."""
