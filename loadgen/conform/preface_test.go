package conform

// preface stands above the committed table.
const preface = `# The servers against the RFC

<!-- written by go test ./loadgen/conform -run TestReference -update -->

Each row is a rule, tried from outside over raw connections; sections without
the name of a document are RFC 6455's. *n/a*: the server does not offer what the
rule is about. *skipped*: not asked for in this run. Below stands each case that
failed, of which a rule may have several. Try a server of your own
with ` + "`go run ./loadgen conform URL`" + `.

` + "`ws`" + ` is /echo?end=ws, on github.com/coder/websocket; ` + "`wsbare`" + ` is /echo, this project's
own. The third column is a stand-in that behaves as the article's hand-written
server was observed to under Node 20, once its missing export is added; where
nothing was recorded of it, as Node does under code that behaves so. As printed,
that server ends at the first upgrade.

What it shows. The article's server does the one thing that it is written to
show, the accept of a key, and does it right. (The accept that the article prints
is right, too, for another key than the one printed beside it, which is no key at
all.) Around it the handshake is not checked: no key, an illegal key, version 8
and a POST are agreed to, and, since Node leaves that to the program, HTTP/1.0
and a request without a Host. Upgrade is compared to the letter, so that legal
forms are refused, and the refusal is no HTTP, because its head does not end.
Two rows are Node's parser's and not the article's: Host twice, and a tab behind
a value of Connection. After the 101 nothing is answered, not a
message, not a ping and not a close: it shows a handshake, and a server would
begin there.

ws breaks two rules that its library leaves open: it gives back a close reason
that is not UTF-8, and agrees to a window size with a leading zero, or to a
parameter given twice. wsbare keeps every rule that applies to it; but it and this
suite are from one house, which is why other clients are tried on it as well.

`
