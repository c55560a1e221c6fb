"""The debugger in the process of the program: the Debug Adapter Protocol on a loopback port."""
