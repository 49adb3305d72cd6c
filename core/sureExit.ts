// Node waits for its compiler's threads when a process exits. One that waits for a garbage collection then waits for good
// (nodejs/node#54918): the process hangs, and no supervisor starts it again. Of 50 indexers that ended while they loaded
// Ponder, 7 hung. So the first compiler works in the main thread, which costs milliseconds.
import { setFlagsFromString } from 'node:v8'

setFlagsFromString('--no-concurrent-sparkplug')
