package capture

import (
	"bytes"
	"fmt"
	"strings"
)

// Format is what an answer to a GET is made of. Whatever is not application data
// in it is framing. All other bodies are data.
type Format int

// The formats. A line of application data ends in a line feed.
const (
	Data        Format = iota // application data alone
	Lines                     // lines of it, and empty lines between them
	EventStream               // text/event-stream (WHATWG HTML §9.2)
)

// split takes the content of an answer apart. What is no whole line or message
// is rest.
func (f Format) split(content []byte) (framing, data, rest int64, err error) {
	switch f {
	case Lines:
		framing, data, rest = splitLines(content)
		return framing, data, rest, nil
	case EventStream:
		return splitMessages(content)
	}
	return 0, int64(len(content)), 0, nil
}

func splitLines(content []byte) (framing, data, rest int64) {
	for _, line := range bytes.SplitAfter(content, []byte("\n")) {
		switch n := int64(len(line)); {
		case n == 1 && line[0] == '\n':
			framing++
		case n > 0 && line[n-1] == '\n':
			data += n
		default:
			rest += n
		}
	}
	return framing, data, rest
}

// numberAndBlank begin a line of application data, of which a message's data is
// what follows; its id, or for a gap its type, stands for them.
const numberAndBlank = 19 + len(" ")

// splitMessages reads the stream as this project's server writes it: line feeds
// end lines, an empty line ends a message, and a message with data has one line
// of that.
func splitMessages(content []byte) (framing, data, rest int64, err error) {
	for {
		message, after, whole := bytes.Cut(content, []byte("\n\n"))
		if !whole {
			return framing, data, int64(len(content)), nil
		}
		carried := int64(0)
		for line := range strings.SplitSeq(string(message), "\n") {
			field, value, _ := strings.Cut(line, ":")
			switch field {
			case "data":
				if carried > 0 {
					return framing, data, int64(len(content)), fmt.Errorf("message of the event stream with two lines of data: %.80q", message)
				}
				carried = int64(numberAndBlank + len(value) + len("\n"))
			case "", "id", "event":
			default:
				return framing, data, int64(len(content)), fmt.Errorf("message of the event stream with the field %.40q", field)
			}
		}
		if carried > int64(len(message)+2) { // too little stands where a number should
			return framing, data, int64(len(content)), fmt.Errorf("message of the event stream without a number: %.80q", message)
		}
		framing += int64(len(message)+2) - carried
		data += carried
		content = after
	}
}
