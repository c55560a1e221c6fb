"""RFC 6455 and RFC 7692 as functions of bytes, without I/O."""
