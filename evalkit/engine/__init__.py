"""llama.cpp, and the child processes that it runs in; the parent process never loads the library."""
