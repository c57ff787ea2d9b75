package chat

import (
	"context"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"confab/internal/bench/target"
)

// plan is which sends are a connection's: number first and every step-th after it, below end. Send n is due n/rate
// seconds after began; those below warm are not measured.
type plan struct {
	first, step, end, warm int64
	rate                   float64
	began                  time.Time
	size                   int
}

func (p plan) due(n int64) time.Time {
	return p.began.Add(time.Duration(float64(n) / p.rate * float64(time.Second)))
}

// connection is one socket of one member of one chat.
type connection struct {
	socket *target.Socket
	chat   *ledger
	plan   plan // set before the goroutines start

	closing  atomic.Bool
	sent     atomic.Int64
	answered atomic.Int64 // acks and refusals
	seen     atomic.Int64 // the highest seq that has come as an event

	// What follows belongs to the reader, and to the result once that has ended.
	record   record
	ack      *target.Histogram
	delivery *target.Histogram
	acked    int64 // measured ones
	refused  int64
	lastAck  time.Time
}

// frame is what the tool needs to know of what the server sends.
type frame struct {
	Event string `json:"event"`
	ID    int64  `json:"id"`
	Data  struct {
		Message message `json:"message"`
		Chats   []struct {
			ID      string `json:"id"`
			LastSeq int64  `json:"lastSeq"`
		} `json:"chats"`
	} `json:"data"`
	Error *struct {
		Code string `json:"code"`
	} `json:"error"`
}

type message struct {
	ID      string `json:"id"`
	ChatID  string `json:"chatId"`
	Seq     int64  `json:"seq"`
	Kind    string `json:"kind"`
	Content string `json:"content"`
}

// open connects and takes the first frame, which says where the chat stands.
func open(ctx context.Context, p *target.Person, number int, chat *ledger) (*connection, error) {
	socket, err := p.Dial(ctx, number)
	if err != nil {
		return nil, err
	}
	c := &connection{socket: socket, chat: chat, ack: target.NewHistogram(), delivery: target.NewHistogram()}
	raw, err := socket.Read()
	if err != nil {
		return c, fmt.Errorf("wait for ready: %w", err)
	}
	var f frame
	if err := json.Unmarshal(raw, &f); err != nil || f.Event != "ready" {
		return c, fmt.Errorf("the first frame is no ready event: %w", err)
	}
	for _, known := range f.Data.Chats {
		if known.ID == chat.id {
			c.record = record{base: known.LastSeq, last: known.LastSeq}
			c.seen.Store(known.LastSeq)
			chat.start(known.LastSeq)
		}
	}
	return c, nil
}

// send sends what is the connection's, each at its time.
func (c *connection) send(ctx context.Context, p *problems) {
	for n := c.plan.first; n < c.plan.end; n += c.plan.step {
		if sleepUntil(ctx, c.plan.due(n)) != nil {
			return
		}
		content := stamp(n, c.plan.size)
		c.sent.Add(1)
		c.chat.sending()
		err := c.socket.Send("message:send", n, map[string]string{"chatId": c.chat.id, "content": content})
		if err != nil {
			if !c.closing.Load() {
				p.add("send %d: %v", n, err)
			}
			return
		}
	}
}

// stamp is the content of send n: readers know by it when the send was due.
func stamp(n int64, size int) string {
	s := "bench " + strconv.FormatInt(n, 10) + " "
	return s + strings.Repeat("x", size-len(s))
}

// stamped reads it back.
func stamped(content string) (n int64, ok bool) {
	rest, ok := strings.CutPrefix(content, "bench ")
	if !ok {
		return 0, false
	}
	number, _, _ := strings.Cut(rest, " ")
	n, err := strconv.ParseInt(number, 10, 64)
	return n, err == nil
}

// read takes all that comes until the socket ends.
func (c *connection) read(p *problems) {
	for {
		raw, err := c.socket.Read()
		now := time.Now()
		if err != nil {
			if !c.closing.Load() {
				p.add("a socket ended: %v", err)
			}
			return
		}
		var f frame
		if err := json.Unmarshal(raw, &f); err != nil {
			p.add("a frame that is no JSON: %v", err)
			continue
		}
		switch f.Event {
		case "ack":
			c.acknowledged(&f, now, p)
		case "message:received":
			c.received(&f.Data.Message, now, p)
		case "error":
			p.add("the server says %s", f.Error.Code)
		}
	}
}

func (c *connection) acknowledged(f *frame, now time.Time, p *problems) {
	defer c.answered.Add(1)
	if f.Error != nil {
		c.refused++
		c.chat.refused()
		p.add("send %d was refused: %s", f.ID, f.Error.Code)
		return
	}
	m := &f.Data.Message
	if n, ok := stamped(m.Content); !ok || n != f.ID {
		p.add("the ack of send %d holds another message", f.ID)
	}
	c.chat.agree(m)
	c.record.ack(m.Seq, p)
	if f.ID < c.plan.warm {
		return
	}
	c.ack.Add(now.Sub(c.plan.due(f.ID)))
	c.acked++
	c.lastAck = now
}

func (c *connection) received(m *message, now time.Time, p *problems) {
	if m.ChatID != c.chat.id {
		p.add("a message of a chat that is not the connection's")
		return
	}
	c.chat.agree(m)
	c.record.event(m.Seq, p)
	c.seen.Store(c.record.last)
	if n, ok := stamped(m.Content); ok && n >= c.plan.warm {
		c.delivery.Add(now.Sub(c.plan.due(n)))
	}
}
