"""What people and machines do to a debugger, many times over: make torture."""
