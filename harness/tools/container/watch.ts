/**
 * The shell command that becomes the program, as the container's first process, so that signals reach it as they are. Its
 * watcher reads the container's stdin, which we hold open and never write to. It ends when this process ends, however that
 * happens: then the watcher asks the program to end, too, and Docker removes the container. The signals are those that a Go
 * program catches: a first process gets no others from inside its container.
 */
export const WATCHED = `
exec 3<&0 </dev/null
{ cat <&3; kill -TERM 1; sleep 5; kill -TERM 1; sleep 2; kill -QUIT 1; } >/dev/null 2>&1 &
exec 3<&-
exec "$@"
`;
