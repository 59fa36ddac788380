// Package epoll reads and writes any number of sockets in one goroutine, where package
// net needs one for each that waits. Package wire reads a fleet's connections by it. It
// knows nothing of what goes over them, and on systems other than Linux it is empty.
//
//	Loop.Add ─▶ epoll_wait(2) ─▶ Handler.Ready ─▶ FD.Read, FD.Write     again and again
//	                  FD.Close ─▶ close(2) ─▶ Handler.Closed            once
//
// A loop owns its descriptors: it alone closes them, between two turns. So no number
// comes to stand for another socket while an event of the one before is pending.
package epoll
