// Loaded into a child process before its program: ends it cleanly when its parent has gone.
process.once('disconnect', () => process.kill(process.pid, 'SIGTERM'));
process.channel?.unref();
