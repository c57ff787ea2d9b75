package main

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"net/url"
	"os"
	"reflect"
	"slices"
	"strconv"
	"sync"
	"testing"
)

// seedVariable replays one history: the number that a failed subtest is called by.
const seedVariable = "CONFAB_TEST_SEED"

const (
	histories = 12 // seeds, when none is asked for
	rounds    = 40 // of each history
)

// TestHistoriesEndInTheServersState plays random histories against a server: sends, edits, deletions, reactions and pins
// of several people at once, by socket and REST, while people come into chats and leave them and sockets break and come
// back. A model, which knows nothing of revisions but their order, says what each chat must hold in the end; and every
// device, which caught up by sinceRev after each break, must hold exactly that.
func TestHistoriesEndInTheServersState(t *testing.T) {
	t.Parallel()
	first, last := uint64(1), uint64(histories)
	if asked := os.Getenv(seedVariable); asked != "" {
		n, err := strconv.ParseUint(asked, 10, 64)
		if err != nil {
			t.Fatal(err)
		}
		first, last = n, n
	}
	eachEngine(t, func(t *testing.T, p *process) {
		people := []*person{p.join("ann"), p.join("bob"), p.join("cid"), p.join("dan")}
		for seed := first; seed <= last; seed++ {
			t.Run(fmt.Sprint(seed), func(t *testing.T) { newPlay(t, people, seed).run() })
		}
	})
}

// play is one history under way. Its methods are called by the test's goroutine.
type play struct {
	*testing.T
	random  *rand.Rand
	people  []*person
	devices []*replica // one of each person
	chats   []*model
	said    int // texts so far, which keeps them apart
}

func newPlay(t *testing.T, people []*person, seed uint64) *play {
	h := &play{T: t, random: rand.New(rand.NewPCG(seed, seed)), people: people}
	for _, who := range people {
		h.devices = append(h.devices, &replica{who: who, chats: map[string]*held{}})
	}
	for n := range 2 {
		owner := people[n]
		var made struct{ ID string }
		owner.must(201, "POST", "/chats", object{"type": "group", "name": "g", "memberIds": []string{people[2].id}}, &made)
		h.chats = append(h.chats, &model{id: made.ID, owner: owner, members: map[*person]bool{owner: true, people[2]: true},
			byID: map[string]*entry{}})
	}
	return h
}

func (h *play) run() {
	defer func() {
		for _, d := range h.devices {
			d.cut()
		}
	}()
	for range rounds {
		for _, d := range h.devices {
			switch h.random.IntN(5) {
			case 0:
				d.cut()
			case 1, 2:
				h.online(d)
			}
		}
		c := h.chats[h.random.IntN(len(h.chats))]
		if h.random.IntN(4) == 0 {
			h.changeMembers(c)
		} else {
			h.talk(c)
		}
	}
	for _, d := range h.devices {
		h.online(d)
	}
	h.compare()
}

// online connects a device, if it is not, and has it catch up.
func (h *play) online(d *replica) {
	if err := d.connect(); err != nil {
		h.Fatal(err)
	}
}

// changeMembers lets somebody in or out, or renames the chat: each leaves a message of the server's.
func (h *play) changeMembers(c *model) {
	who := h.people[h.random.IntN(len(h.people))]
	author := c.owner
	switch {
	case who == c.owner:
		h.said++
		who.must(200, "PATCH", "/chats/"+c.id, object{"name": fmt.Sprint("name ", h.said)}, nil)
	case !c.members[who]:
		c.owner.must(201, "POST", "/chats/"+c.id+"/members", object{"userId": who.id}, nil)
		c.members[who] = true
	default:
		if h.random.IntN(2) == 0 {
			author = who
		}
		author.must(204, "DELETE", "/chats/"+c.id+"/members/"+who.id, nil, nil)
		delete(c.members, who)
	}
	c.all = append(c.all, &entry{author: author.id, kind: "system"})
}

// talk has several members do something at the same time, while somebody's socket may break. The model follows in the
// order of the revisions that the server gave.
func (h *play) talk(c *model) {
	var steps []*step
	pinned := false
	for _, who := range h.members(c) {
		if h.random.IntN(3) > 0 {
			steps = append(steps, h.plan(c, who, &pinned))
		}
	}
	var under sync.WaitGroup
	for _, s := range steps {
		under.Go(s.take)
	}
	if d := h.devices[h.random.IntN(len(h.devices))]; !slices.ContainsFunc(steps, func(s *step) bool { return s.socket == d.device && s.socket != nil }) {
		d.cut()
	}
	under.Wait()
	slices.SortStableFunc(steps, func(a, b *step) int { return int(a.rev - b.rev) })
	for _, s := range steps {
		if s.answer != nil {
			s.follow(s.answer)
		}
	}
	for _, s := range steps {
		if s.answer == nil && (s.on == nil || !s.on.deleted) {
			h.Errorf("%s of a message that stands was refused: %s", s.what, s.refusal)
		}
	}
}

// members lists who is in a chat, in a fixed order.
func (h *play) members(c *model) (list []*person) {
	for _, who := range h.people {
		if c.members[who] {
			list = append(list, who)
		}
	}
	return list
}

// step is one thing that somebody does, by a socket or by REST.
type step struct {
	who    *person
	socket *device // nil: by REST
	what   string
	data   object // of the event
	method string
	path   string
	on     *entry       // what it is done to
	follow func(object) // brings the model along

	answer  object // the message as it was afterwards; nil when it was refused
	rev     float64
	refusal string
}

func (s *step) take() {
	if s.socket != nil {
		got := s.socket.ask(s.what, s.data)
		s.answer, _ = got["message"].(object)
		s.refusal = fmt.Sprint(got["error"])
	} else {
		status, raw, err := s.who.call(s.method, s.path, s.data)
		s.refusal = fmt.Sprint(status, " ", string(raw), " ", err)
		if err == nil && status < 300 {
			s.answer = s.read(raw)
		}
	}
	if s.answer != nil {
		s.rev = s.answer["rev"].(float64)
	}
}

// read takes the message out of an answer, or asks for it where a deletion had none.
func (s *step) read(raw []byte) object {
	if len(raw) == 0 {
		_, raw, _ = s.who.call("GET", s.path, nil)
	}
	return decoded(raw)
}

// plan makes up what somebody does next.
func (h *play) plan(c *model, who *person, pinned *bool) *step {
	s := &step{who: who}
	if d := h.devices[slices.Index(h.people, who)]; h.random.IntN(2) == 0 {
		s.socket = d.device
	}
	if len(c.byID) > 0 {
		ids := slices.Sorted(maps.Keys(c.byID)) // version 7: in order of time
		s.on = c.byID[ids[h.random.IntN(len(ids))]]
	}
	kind := h.random.IntN(10)
	if s.on == nil {
		kind = 0
	}
	if kind >= 9 && *pinned { // of two pins at once one would do nothing, and nobody could tell which
		kind = 8
	}
	switch {
	case kind == 4 && s.on.author == who.id:
		h.edit(c, s)
	case kind == 5 && (s.on.author == who.id || who == c.owner):
		s.what, s.data = "message:delete", object{"messageId": s.on.id}
		s.method, s.path = "DELETE", "/messages/"+s.on.id
		s.follow = func(object) { s.on.deleted = true }
	case kind >= 6 && kind <= 8:
		h.react(s)
	case kind >= 9:
		*pinned = true
		h.pin(s)
	default:
		h.send(c, s)
	}
	return s
}

// words makes up a text, which names somebody now and then. The names count for those who are members.
func (h *play) words(c *model, who *person) (text string, mentions []string) {
	h.said++
	text = fmt.Sprint("said ", h.said)
	for _, other := range h.people {
		if other != who && h.random.IntN(4) == 0 {
			text += ", @" + other.name
			if c.members[other] {
				mentions = append(mentions, other.id)
			}
		}
	}
	return text, mentions
}

func (h *play) send(c *model, s *step) {
	text, mentions := h.words(c, s.who)
	s.what, s.data = "message:send", object{"chatId": c.id, "content": text, "clientId": "h-" + c.id + text}
	if s.on != nil && h.random.IntN(4) == 0 {
		s.data["replyTo"] = s.on.id
	}
	s.method, s.path, s.on = "POST", "/messages", nil
	s.follow = func(answer object) {
		e := &entry{id: answer["id"].(string), author: s.who.id, kind: "text", content: text, mentions: mentions}
		e.replyTo, _ = s.data["replyTo"].(string)
		c.all = append(c.all, e)
		c.byID[e.id] = e
		if answer["seq"] != float64(len(c.all)) {
			h.Errorf("%q has seq %v, and %d messages came before it", text, answer["seq"], len(c.all)-1)
		}
	}
}

func (h *play) edit(c *model, s *step) {
	text, mentions := h.words(c, s.who)
	s.what, s.data = "message:edit", object{"messageId": s.on.id, "content": text}
	s.method, s.path = "PATCH", "/messages/"+s.on.id
	s.follow = func(object) {
		if s.on.deleted {
			h.Errorf("a tombstone was edited")
		}
		s.on.content, s.on.mentions, s.on.edited = text, mentions, true
	}
}

func (h *play) react(s *step) {
	emoji, on := []string{"👍", "🎉"}[h.random.IntN(2)], h.random.IntN(3) > 0
	s.what, s.data = "message:react", object{"messageId": s.on.id, "emoji": emoji, "on": on}
	s.method, s.path = "DELETE", "/messages/"+s.on.id+"/reactions/"+url.PathEscape(emoji)
	if on {
		s.method = "PUT"
	}
	s.follow = func(object) { s.on.react(emoji, s.who.id, on) }
}

func (h *play) pin(s *step) {
	s.socket, s.what = nil, "pin" // by REST only
	s.method, s.path = "DELETE", "/messages/"+s.on.id+"/pin"
	on := h.random.IntN(3) > 0
	if on {
		s.method = "PUT"
	}
	s.follow = func(object) {
		switch {
		case !on:
			s.on.pinnedBy = ""
		case s.on.pinnedBy == "":
			s.on.pinnedBy = s.who.id
		}
	}
}

// compare holds the server to the model, and every device to the server.
func (h *play) compare() {
	for _, d := range h.devices {
		if err := d.settle(); err != nil {
			h.Fatal(err)
		}
	}
	for n, c := range h.chats {
		kept := history(c.owner, c.id)
		if len(kept) != len(c.all) {
			h.Errorf("chat %d has %d messages, the model %d", n, len(kept), len(c.all))
			continue
		}
		for i, m := range kept {
			if got, want := shown(m), c.all[i].shown(i+1); !reflect.DeepEqual(got, want) {
				h.Errorf("chat %d, message %d:\nserver %v\n model %v", n, i+1, got, want)
			}
		}
		for _, d := range h.devices {
			here := d.messages(c.id)
			if !c.members[d.who] {
				if here != nil {
					h.Errorf("%s is out of chat %d and has %d messages of it", d.who.name, n, len(here))
				}
				continue
			}
			want := history(d.who, c.id)
			if len(here) != len(want) {
				h.Errorf("%s has %d messages of chat %d, the server %d", d.who.name, len(here), n, len(want))
			}
			for _, m := range want {
				delete(m, "status") // receipts have events of their own
				if got := here[m["id"].(string)]; !reflect.DeepEqual(got, m) {
					h.Errorf("%s, chat %d:\ndevice %v\nserver %v", d.who.name, n, got, m)
				}
			}
		}
	}
}
