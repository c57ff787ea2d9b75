package main

import (
	"encoding/json"
	"fmt"
	"slices"
	"sync"
)

// model is what a chat should hold: the simplest thing that can be said about it.
type model struct {
	id      string
	owner   *person
	members map[*person]bool
	all     []*entry          // in the order of seq
	byID    map[string]*entry // without the server's own
}

// entry is a message of the model.
type entry struct {
	id, author, kind, content, replyTo, pinnedBy string
	edited, deleted                              bool
	mentions                                     []string
	choices                                      []choice // in the order of choosing
}

// choice is an emoji that somebody chose.
type choice struct{ emoji, user string }

// react adds or takes away somebody's choice.
func (e *entry) react(emoji, user string, on bool) {
	c := choice{emoji, user}
	switch at := slices.Index(e.choices, c); {
	case on && at < 0:
		e.choices = append(e.choices, c)
	case !on && at >= 0:
		e.choices = slices.Delete(e.choices, at, at+1)
	}
}

// reaction is an emoji and who chose it. Emoji stand in the order of their oldest choice, people in that of theirs.
type reaction struct {
	emoji string
	users []string
}

func (e *entry) reactions() (list []reaction) {
	for _, c := range e.choices {
		at := slices.IndexFunc(list, func(r reaction) bool { return r.emoji == c.emoji })
		if at < 0 {
			at, list = len(list), append(list, reaction{emoji: c.emoji})
		}
		list[at].users = append(list[at].users, c.user)
	}
	return list
}

// view is what model and server are compared by.
type view struct {
	Seq                            int
	Author, Kind, Content, ReplyTo string
	PinnedBy                       string
	Edited, Deleted                bool
	Mentions                       string
	Reactions                      string
}

// shown is an entry as members see it: of a deleted one, that it was there.
func (e *entry) shown(seq int) view {
	v := view{Seq: seq, Author: e.author, Kind: e.kind, Edited: e.edited, Deleted: e.deleted, Mentions: "[]", Reactions: "[]"}
	if e.deleted {
		return v
	}
	v.Content, v.ReplyTo, v.PinnedBy = e.content, e.replyTo, e.pinnedBy
	v.Mentions = fmt.Sprint(slices.Sorted(slices.Values(e.mentions)))
	v.Reactions = fmt.Sprint(e.reactions())
	return v
}

// shown is a message of the server's in the same terms.
func shown(m object) view {
	text := func(key string) string { s, _ := m[key].(string); return s }
	v := view{Seq: int(m["seq"].(float64)), Author: text("userId"), Kind: text("kind"), Content: text("content"), ReplyTo: text("replyTo"),
		PinnedBy: text("pinnedBy"), Edited: m["editedAt"] != nil, Deleted: m["deletedAt"] != nil}
	var mentions []string
	for _, id := range m["mentions"].([]any) {
		mentions = append(mentions, id.(string))
	}
	v.Mentions = fmt.Sprint(slices.Sorted(slices.Values(mentions)))
	var reactions []reaction
	for _, r := range m["reactions"].([]any) {
		of := reaction{emoji: r.(object)["emoji"].(string)}
		for _, id := range r.(object)["userIds"].([]any) {
			of.users = append(of.users, id.(string))
		}
		reactions = append(reactions, of)
	}
	v.Reactions = fmt.Sprint(reactions)
	return v
}

func decoded(raw []byte) (o object) {
	if json.Unmarshal(raw, &o) != nil {
		return nil
	}
	return o
}

// replica is a device that keeps what it was told, and after each break fetches what moved since the last revision that
// it has seen, as docs/protocol.md says. device is the test's goroutine's; chats are guarded by mu.
type replica struct {
	who    *person
	device *device // nil: offline

	mu    sync.Mutex
	chats map[string]*held
}

// held is a chat on a device.
type held struct {
	messages map[string]object
	rev      float64 // everything up to here is known
	synced   bool    // since this connection: events now follow without a gap
}

func newHeld() *held { return &held{messages: map[string]object{}} }

// put keeps a message unless a later form of it is there.
func (c *held) put(m object) {
	id := m["id"].(string)
	delete(m, "status")
	if there := c.messages[id]; there == nil || m["rev"].(float64) > there["rev"].(float64) {
		c.messages[id] = m
	}
	if c.synced {
		c.rev = max(c.rev, m["rev"].(float64))
	}
}

// heard takes an event.
func (r *replica) heard(event string, data object) {
	r.mu.Lock()
	defer r.mu.Unlock()
	switch event {
	case "message:received", "message:updated":
		m := data["message"].(object)
		if c := r.chats[m["chatId"].(string)]; c != nil {
			c.put(m)
		}
	case "chat:created":
		r.chats[data["chatId"].(string)] = newHeld()
	case "chat:removed":
		delete(r.chats, data["chatId"].(string))
	}
}

// connect opens the socket where there is none, and catches up.
func (r *replica) connect() (err error) {
	if r.device != nil {
		return nil
	}
	if r.device, err = r.who.connect(r.heard); err != nil {
		return err
	}
	mine := map[string]bool{}
	for _, c := range r.device.ready["chats"].([]any) {
		mine[c.(object)["id"].(string)] = true
	}
	r.mu.Lock()
	for id := range r.chats {
		if !mine[id] {
			delete(r.chats, id)
		}
	}
	for id := range mine {
		if r.chats[id] == nil {
			r.chats[id] = newHeld()
		}
	}
	r.mu.Unlock()
	return r.settle()
}

// settle waits until everything that was said before has come, and fetches the chats that are new.
func (r *replica) settle() error {
	r.device.ask("ping", object{})
	r.mu.Lock()
	var missing []string
	for id, c := range r.chats {
		if !c.synced {
			missing = append(missing, id)
		}
	}
	r.mu.Unlock()
	for _, id := range missing {
		if err := r.fetch(id); err != nil {
			return err
		}
	}
	return nil
}

// fetch reads what moved in small pages, so that there are several.
func (r *replica) fetch(id string) error {
	r.mu.Lock()
	since := r.chats[id].rev
	r.mu.Unlock()
	for {
		status, raw, err := r.who.call("GET", fmt.Sprintf("/messages?chatId=%s&sinceRev=%.0f&limit=7", id, since), nil)
		if err != nil || status != 200 {
			return fmt.Errorf("sinceRev: %d %s %w", status, raw, err)
		}
		var page struct {
			Items   []object
			HasMore bool
		}
		if err := json.Unmarshal(raw, &page); err != nil {
			return err
		}
		r.mu.Lock()
		c := r.chats[id]
		for _, m := range page.Items {
			since = m["rev"].(float64)
			c.put(m)
		}
		if !page.HasMore {
			c.synced = true
			for _, m := range c.messages {
				c.rev = max(c.rev, m["rev"].(float64))
			}
		}
		r.mu.Unlock()
		if !page.HasMore {
			return nil
		}
	}
}

// cut breaks the socket, if there is one.
func (r *replica) cut() {
	if r.device == nil {
		return
	}
	r.device.cut()
	r.device = nil
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, c := range r.chats {
		c.synced = false
	}
}

// messages is what the device holds of a chat, by id; nil when it has no such chat.
func (r *replica) messages(chatID string) map[string]object {
	r.mu.Lock()
	defer r.mu.Unlock()
	if c := r.chats[chatID]; c != nil {
		return c.messages
	}
	return nil
}
