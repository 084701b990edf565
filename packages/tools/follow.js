// Loaded into a child process before its program: ends it in good order when its parent is gone.
process.once('disconnect', () => process.kill(process.pid, 'SIGTERM'));
process.channel?.unref();
