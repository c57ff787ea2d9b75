package api_test

import (
	"fmt"
	"net/url"
	"strings"
	"testing"

	"confab/store"
)

func TestAuthRoutes(t *testing.T) {
	t.Parallel()
	s := newServer(t, 100)
	ann := s.join("ann")
	s.send("POST", "/auth/register", "", object{"email": "ann@example.com", "username": "other", "password": password}).problem(409, "email_taken", "email")
	s.send("POST", "/auth/register", "", object{"email": "o@example.com", "username": "ANN", "password": password}).problem(409, "username_taken", "username")
	s.send("POST", "/auth/register", "", object{"email": "nowhere", "username": "x y", "password": "password1"}).problem(422, "invalid", "email", "username", "password")

	for _, key := range []string{"login", "email", "username"} {
		login := "ann"
		if key == "email" {
			login = "ann@example.com"
		}
		o := s.send("POST", "/auth/login", "", object{key: login, "password": password}).is(200).object()
		if o["expiresIn"] != float64(900) || o["user"].(map[string]any)["id"] != ann.id {
			t.Errorf("%v", o)
		}
	}
	wrong := s.send("POST", "/auth/login", "", object{"email": "ann@example.com", "password": "wrong"}).problem(401, "bad_credentials")
	unknown := s.send("POST", "/auth/login", "", object{"email": "nobody@example.com", "password": "wrong"}).problem(401, "bad_credentials")
	if string(wrong.raw) != string(unknown.raw) {
		t.Errorf("%s and %s", wrong.raw, unknown.raw)
	}
	s.send("POST", "/auth/login", "", object{"password": "wrong"}).problem(422, "invalid", "login")

	renewed := s.send("POST", "/auth/refresh", "", object{"refreshToken": ann.refresh}).is(200)
	if renewed.str("refreshToken") == ann.refresh {
		t.Error("the refresh token was not replaced")
	}
	s.send("POST", "/auth/refresh", "", object{"refreshToken": "x"}).problem(401, "invalid_refresh_token")

	list := ann.get("/auth/sessions").is(200).object()["items"].([]any)
	if len(list) != 4 {
		t.Fatalf("%d sessions", len(list))
	}
	var other string
	for _, item := range list {
		if session := item.(map[string]any); session["current"] == false {
			other = session["id"].(string)
		}
	}
	ann.del("/auth/sessions/"+other, nil).is(204)
	ann.del("/auth/sessions/"+other, nil).problem(404, "not_found")
	ann.del("/auth/sessions/xyz", nil).problem(404, "not_found")

	ann.put("/auth/password", object{"currentPassword": "wrong", "newPassword": "another secret"}).problem(403, "wrong_password", "currentPassword")
	ann.put("/auth/password", object{"currentPassword": password, "newPassword": "qwerty123"}).problem(422, "invalid", "newPassword")
	ann.put("/auth/password", object{"currentPassword": password, "newPassword": "another secret"}).is(204)
	ann.get("/users/me").is(200)

	ann.post("/auth/logout", nil).is(204)
	gone := ann.get("/users/me").problem(401, "unauthorized")
	if gone.header.Get("WWW-Authenticate") != "Bearer" {
		t.Errorf("%v", gone.header)
	}
}

func TestWithoutATokenNothingIsTold(t *testing.T) {
	t.Parallel()
	s := newServer(t, 100)
	id := string(store.NewID())
	for _, route := range []string{"POST /auth/logout", "GET /auth/sessions", "DELETE /auth/sessions/" + id, "PUT /auth/password", "GET /users/me",
		"PATCH /users/me", "DELETE /users/me", "GET /users/blocked", "PUT /users/" + id + "/block", "DELETE /users/" + id + "/block", "GET /users/search", "GET /users/" + id, "GET /chats", "POST /chats", "GET /chats/" + id,
		"PATCH /chats/" + id, "DELETE /chats/" + id, "POST /chats/" + id + "/members", "PATCH /chats/" + id + "/members/" + id,
		"DELETE /chats/" + id + "/members/" + id, "GET /messages", "POST /messages", "GET /messages/" + id, "PATCH /messages/" + id, "DELETE /messages/" + id,
		"PUT /chats/" + id + "/avatar", "DELETE /chats/" + id + "/avatar", "POST /chats/" + id + "/invitations", "GET /chats/" + id + "/invitations", "DELETE /chats/" + id + "/invitations/" + id,
		"POST /invitations/preview", "POST /invitations/accept", "PUT /messages/" + id + "/pin", "DELETE /messages/" + id + "/pin", "GET /chats/" + id + "/pins", "GET /chats/" + id + "/mentions",
		"PUT /messages/" + id + "/reactions/x", "DELETE /messages/" + id + "/reactions/x", "GET /messages/" + id + "/deliveries",
		"GET /ice-servers", "GET /calls"} {
		method, path, _ := strings.Cut(route, " ")
		for _, header := range []string{"", "Bearer", "Bearer ", "Bearer x.y.z", "Basic YTpi", "bearer x"} {
			r := s.send(method, path, "", nil, "Authorization", header).problem(401, "unauthorized")
			if r.header.Get("WWW-Authenticate") != "Bearer" {
				t.Errorf("%s: %v", route, r.header)
			}
		}
	}
}

func TestUserRoutes(t *testing.T) {
	t.Parallel()
	s := newServer(t, 100)
	ann, bob := s.join("ann"), s.join("bob")
	me := ann.get("/users/me").is(200).object()
	for _, key := range []string{"id", "email", "username", "displayName", "avatarUrl", "createdAt", "updatedAt", "shareReadReceipts"} {
		if _, there := me[key]; !there {
			t.Errorf("the profile lacks %s: %v", key, me)
		}
	}
	if at := me["createdAt"].(string); len(at) != len("2026-01-01T00:00:00.000Z") {
		t.Errorf("createdAt is %s", at)
	}
	if got := ann.patch("/users/me", object{"displayName": "Ann A.", "shareReadReceipts": false, "unknown": 1}).is(200).object(); got["displayName"] != "Ann A." || got["shareReadReceipts"] != false {
		t.Errorf("%v", got)
	}
	ann.patch("/users/me", object{"username": "BOB"}).problem(409, "username_taken", "username")
	ann.patch("/users/me", object{"email": "bob@example.com"}).problem(409, "email_taken", "email")
	ann.patch("/users/me", object{"displayName": ""}).problem(422, "invalid", "displayName")
	ann.patch("/users/me", object{"shareReadReceipts": "yes"}).problem(422, "invalid", "shareReadReceipts")

	found := bob.get("/users/search?q=ann").is(200).object()["items"].([]any)
	if len(found) != 1 || found[0].(map[string]any)["id"] != ann.id || strings.Contains(fmt.Sprint(found), "@") {
		t.Errorf("%v", found)
	}
	if found := bob.get("/users/search?q=bob").is(200).object()["items"].([]any); len(found) != 0 {
		t.Errorf("found oneself: %v", found)
	}
	bob.get("/users/search").problem(422, "invalid", "q")
	bob.get("/users/search?q=a&limit=0").problem(422, "invalid", "limit")
	bob.get("/users/search?q=a&limit=many").problem(422, "invalid", "limit")

	if got := bob.get("/users/" + ann.id).is(200).object(); got["username"] != "ann" || got["online"] != nil || got["email"] != nil {
		t.Errorf("%v", got)
	}
	ann.group(bob)
	if got := bob.get("/users/" + ann.id).is(200).object(); got["online"] != false {
		t.Errorf("%v", got)
	}
	bob.get("/users/"+string(store.NewID())).problem(404, "not_found")
	bob.get("/users/me2").problem(404, "not_found")

	bob.put("/users/"+ann.id+"/block", nil).is(204)
	if list := bob.get("/users/blocked").is(200).object()["items"].([]any); len(list) != 1 || list[0].(map[string]any)["id"] != ann.id {
		t.Errorf("%v", list)
	}
	ann.post("/chats", object{"type": "direct", "memberIds": []string{bob.id}}).problem(403, "blocked")
	bob.del("/users/"+ann.id+"/block", nil).is(204)
	bob.put("/users/"+bob.id+"/block", nil).problem(422, "invalid", "id")
	bob.put("/users/x/block", nil).problem(404, "not_found")

	bob.del("/users/me", object{"password": "wrong"}).problem(403, "wrong_password", "password")
	bob.del("/users/me", object{}).problem(422, "invalid", "password")
	bob.del("/users/me", nil).problem(400, "malformed")
	bob.del("/users/me", object{"password": password}).is(204)
	bob.get("/users/me").problem(401, "unauthorized")
	ann.get("/users/"+bob.id).problem(404, "not_found")
}

func TestChatRoutes(t *testing.T) {
	t.Parallel()
	s := newServer(t, 100)
	ann, bob, eve := s.join("ann"), s.join("bob"), s.join("eve")
	direct := ann.post("/chats", object{"type": "direct", "memberIds": []string{bob.id}}).is(201).object()
	for _, key := range []string{"id", "type", "name", "avatarUrl", "createdAt", "updatedAt", "lastSeq", "lastRev", "unreadCount", "myRole", "members"} {
		if _, there := direct[key]; !there {
			t.Errorf("the chat lacks %s: %v", key, direct)
		}
	}
	for _, key := range []string{"userId", "username", "displayName", "avatarUrl", "role", "joinedAt", "deliveredSeq", "readSeq", "online"} {
		if _, there := direct["members"].([]any)[0].(map[string]any)[key]; !there {
			t.Errorf("the member lacks %s: %v", key, direct)
		}
	}
	if again := bob.post("/chats", object{"type": "direct", "memberIds": []string{ann.id}}).is(200); again.str("id") != direct["id"] {
		t.Errorf("another direct chat: %s", again.raw)
	}
	group := ann.group(bob)
	ann.post("/chats", object{"type": "group", "memberIds": []string{}}).problem(422, "invalid", "name")
	ann.post("/chats", object{"type": "club", "memberIds": []string{}}).problem(422, "invalid", "type")
	ann.post("/chats", object{"type": "group", "name": "x"}).problem(422, "invalid", "memberIds")
	ann.post("/chats", object{"type": "group", "name": "x", "memberIds": []string{"me"}}).problem(422, "invalid", "memberIds")
	ann.post("/chats", object{"type": "direct", "memberIds": []string{string(store.NewID())}}).problem(422, "invalid", "memberIds")
	ann.post("/chats", object{"type": "direct", "memberIds": []string{ann.id}}).problem(422, "invalid", "memberIds")

	page := ann.get("/chats?limit=1").is(200).object()
	if len(page["items"].([]any)) != 1 || page["nextCursor"] == nil {
		t.Errorf("%v", page)
	}
	page = ann.get("/chats?cursor=" + url.QueryEscape(page["nextCursor"].(string))).is(200).object()
	if len(page["items"].([]any)) != 1 || page["nextCursor"] != nil {
		t.Errorf("%v", page)
	}
	ann.get("/chats?cursor=%20x").problem(422, "invalid", "cursor")
	ann.get("/chats?limit=101").problem(422, "invalid", "limit")

	ann.get("/chats/" + group).is(200)
	hidden, missing := eve.get("/chats/"+group).problem(404, "not_found"), eve.get("/chats/"+string(store.NewID())).problem(404, "not_found")
	malformed := eve.get("/chats/1").problem(404, "not_found")
	if string(hidden.raw) != string(missing.raw) || string(hidden.raw) != string(malformed.raw) {
		t.Errorf("%s, %s, %s", hidden.raw, missing.raw, malformed.raw)
	}
	if got := ann.patch("/chats/"+group, object{"name": "Renamed"}).is(200).str("name"); got != "Renamed" {
		t.Error(got)
	}
	bob.patch("/chats/"+group, object{"name": "x"}).problem(403, "forbidden")
	eve.patch("/chats/"+group, object{"name": "x"}).problem(404, "not_found")
	ann.patch("/chats/"+group, object{"name": " "}).problem(422, "invalid", "name")
	ann.patch("/chats/"+direct["id"].(string), object{"name": "x"}).problem(409, "direct_chat")

	members := "/chats/" + group + "/members"
	eve.post(members, object{"userId": eve.id}).problem(404, "not_found")
	bob.post(members, object{"userId": eve.id}).problem(403, "forbidden")
	if got := ann.post(members, object{"userId": eve.id, "role": "admin"}).is(201).str("role"); got != "admin" {
		t.Error(got)
	}
	ann.post(members, object{"userId": eve.id}).problem(409, "already_member")
	ann.post(members, object{"userId": string(store.NewID())}).problem(422, "invalid", "userId")
	ann.post(members, object{"userId": 5}).problem(422, "invalid", "userId")
	ann.post(members, object{}).problem(422, "invalid", "userId")
	ann.post(members, object{"userId": eve.id, "role": "king"}).problem(422, "invalid", "role")
	eve.patch(members+"/"+ann.id, object{"role": "member"}).problem(403, "forbidden")
	eve.patch(members+"/"+bob.id, object{"role": "owner"}).problem(403, "forbidden")
	eve.patch(members+"/"+bob.id, object{"role": "admin"}).is(200)
	eve.patch(members+"/"+string(store.NewID()), object{"role": "admin"}).problem(404, "not_found")
	eve.patch(members+"/"+eve.id, object{"mutedUntil": "2030-01-01T00:00:00Z"}).is(200)
	if got := eve.get("/chats/" + group).str("mutedUntil"); got != "2030-01-01T00:00:00.000Z" {
		t.Error(got)
	}
	eve.patch(members+"/"+eve.id, object{"mutedUntil": nil}).is(200)
	eve.patch(members+"/"+bob.id, object{"mutedUntil": nil}).problem(403, "forbidden")
	eve.patch(members+"/"+eve.id, object{"mutedUntil": "later"}).problem(422, "invalid", "mutedUntil")
	eve.patch(members+"/"+eve.id, object{"archived": true}).is(200)
	if got := eve.get("/chats/" + group).str("archivedAt"); got == "" {
		t.Error("the chat is not archived")
	}
	eve.patch(members+"/"+eve.id, object{"archived": true, "role": "member"}).problem(422, "invalid", "role")
	if got := ann.patch("/chats/"+group, object{"description": "about"}).is(200).str("description"); got != "about" {
		t.Error(got)
	}
	eve.patch(members+"/"+eve.id, object{}).problem(422, "invalid", "role")
	ann.del(members+"/"+ann.id, nil).problem(409, "last_owner")
	eve.del(members+"/"+ann.id, nil).problem(403, "forbidden")
	eve.del(members+"/"+bob.id, nil).is(204)
	eve.del(members+"/"+bob.id, nil).problem(404, "not_found")
	eve.del(members+"/"+eve.id, nil).is(204)
	eve.get("/chats/"+group).problem(404, "not_found")
	bob.del("/chats/"+group, nil).problem(404, "not_found")
	ann.del("/chats/"+direct["id"].(string), nil).problem(409, "direct_chat")
	ann.del("/chats/"+group, nil).is(204)
	ann.get("/chats/"+group).problem(404, "not_found")
}

func TestMessageRoutes(t *testing.T) {
	t.Parallel()
	s := newServer(t, 100)
	ann, bob, eve := s.join("ann"), s.join("bob"), s.join("eve")
	c := ann.group(bob)
	first := ann.post("/messages", object{"chatId": c, "content": "hello", "clientId": "k", "replyTo": nil, "extra": true}).is(201).object()
	for _, key := range []string{"id", "chatId", "userId", "seq", "rev", "kind", "content", "clientId", "mentions", "attachments", "reactions", "createdAt", "updatedAt", "status"} {
		if _, there := first[key]; !there {
			t.Errorf("the message lacks %s: %v", key, first)
		}
	}
	if first["status"] != "sent" || first["seq"] != 1.0 || fmt.Sprint(first["reactions"], first["attachments"]) != "[] []" {
		t.Errorf("%v", first)
	}
	if again := ann.post("/messages", object{"chatId": c, "content": "hello", "clientId": "k"}).is(200); again.str("id") != first["id"] {
		t.Errorf("%s", again.raw)
	}
	ann.post("/messages", object{"chatId": c, "content": "other", "clientId": "k"}).problem(409, "client_id_conflict", "clientId")
	ann.post("/messages", object{"content": "x"}).problem(422, "invalid", "chatId")
	ann.post("/messages", object{"chatId": "x", "content": "x"}).problem(422, "invalid", "chatId")
	ann.post("/messages", object{"chatId": c}).problem(422, "invalid", "content")
	ann.post("/messages", object{"chatId": c, "content": 5}).problem(422, "invalid", "content")
	ann.post("/messages", object{"chatId": c, "content": strings.Repeat("я", 8001)}).problem(422, "invalid", "content")
	ann.post("/messages", object{"chatId": c, "content": strings.Repeat("я", 8000)}).is(201)
	ann.post("/messages", object{"chatId": c, "content": "a\x00b"}).problem(422, "invalid", "content")
	ann.post("/messages", object{"chatId": c, "content": "x", "replyTo": string(store.NewID())}).problem(422, "invalid", "replyTo")
	ann.post("/messages", object{"chatId": c, "attachmentIds": []string{string(store.NewID())}}).problem(422, "invalid", "attachmentIds")
	ann.post("/messages", object{"chatId": c, "content": "x", "clientId": strings.Repeat("k", 129)}).problem(422, "invalid", "clientId")
	eve.post("/messages", object{"chatId": c, "content": "x"}).problem(404, "not_found")

	page := bob.get("/messages?chatId=" + c + "&limit=1").is(200).object()
	if len(page["items"].([]any)) != 1 || page["lastSeq"] != 2.0 || page["lastRev"] != 2.0 || page["hasMore"] != true {
		t.Errorf("%v", page)
	}
	if page := bob.get("/messages?chatId=" + c + "&before=1").is(200).object(); len(page["items"].([]any)) != 0 {
		t.Errorf("%v", page)
	}
	if page := bob.get("/messages?chatId=" + c + "&after=0").is(200).object(); len(page["items"].([]any)) != 2 {
		t.Errorf("%v", page)
	}
	if page := bob.get("/messages?chatId=" + c + "&sinceRev=1").is(200).object(); len(page["items"].([]any)) != 1 {
		t.Errorf("%v", page)
	}
	bob.get("/messages").problem(422, "invalid", "chatId")
	bob.get("/messages?chatId=x").problem(404, "not_found")
	bob.get("/messages?chatId="+c+"&before=-1").problem(422, "invalid", "before")
	bob.get("/messages?chatId="+c+"&before=x").problem(422, "invalid", "before")
	bob.get("/messages?chatId="+c+"&after=99999999999999999999").problem(422, "invalid", "after")
	bob.get("/messages?chatId="+c+"&before=1&after=1").problem(422, "invalid", "after")
	bob.get("/messages?chatId="+c+"&limit=201").problem(422, "invalid", "limit")
	eve.get("/messages?chatId="+c).problem(404, "not_found")

	there := bob.group()
	if got := bob.post("/messages", object{"chatId": there, "forwardOf": first["id"]}).is(201).object(); got["content"] != "hello" ||
		fmt.Sprint(got["forwardedFrom"]) != fmt.Sprint(map[string]any{"userId": ann.id, "createdAt": first["createdAt"]}) {
		t.Errorf("%v", got)
	}
	bob.post("/messages", object{"chatId": there, "forwardOf": first["id"], "content": "x"}).problem(422, "invalid", "content")
	bob.post("/messages", object{"chatId": there, "forwardOf": "x"}).problem(422, "invalid", "forwardOf")
	ann.post("/messages", object{"chatId": there, "forwardOf": first["id"]}).problem(404, "not_found")
	eve.post("/messages", object{"chatId": eve.group(), "forwardOf": first["id"]}).problem(422, "invalid", "forwardOf")

	id := "/messages/" + first["id"].(string)
	if got := ann.patch(id, object{"content": "edited"}).is(200).object(); got["content"] != "edited" || got["editedAt"] == nil {
		t.Errorf("%v", got)
	}
	bob.patch(id, object{"content": "x"}).problem(403, "forbidden")
	eve.patch(id, object{"content": "x"}).problem(404, "not_found")
	ann.patch(id, object{}).problem(422, "invalid", "content")
	ann.patch(id, object{"content": ""}).problem(422, "invalid", "content")

	emoji := id + "/reactions/" + url.PathEscape("👩‍👩‍👧")
	if got := bob.put(emoji, nil).is(200).object()["reactions"].([]any); len(got) != 1 || got[0].(map[string]any)["emoji"] != "👩‍👩‍👧" {
		t.Errorf("%v", got)
	}
	if got := bob.del(emoji, nil).is(200).object()["reactions"].([]any); len(got) != 0 {
		t.Errorf("%v", got)
	}
	bob.put(id+"/reactions/abc", nil).problem(422, "invalid", "emoji")
	bob.put(id+"/reactions/%F0%9F", nil).problem(422, "invalid", "emoji")
	eve.put(emoji, nil).problem(404, "not_found")
	bob.put("/messages/x/reactions/"+url.PathEscape("👍"), nil).problem(404, "not_found")

	if got := bob.put(id+"/pin", nil).is(200).object(); got["pinnedBy"] != bob.id || got["pinnedAt"] == nil {
		t.Errorf("%v", got)
	}
	if pins := ann.get("/chats/" + c + "/pins").is(200).object()["items"].([]any); len(pins) != 1 || pins[0].(map[string]any)["id"] != first["id"] {
		t.Errorf("%v", pins)
	}
	if got := ann.get("/chats/" + c).is(200).object(); got["pinCount"] != 1.0 || got["unreadMentions"] != 0.0 {
		t.Errorf("%v", got)
	}
	if got := ann.del(id+"/pin", nil).is(200).object(); got["pinnedBy"] != nil || got["pinnedAt"] != nil {
		t.Errorf("%v", got)
	}
	eve.put(id+"/pin", nil).problem(404, "not_found")
	eve.get("/chats/"+c+"/pins").problem(404, "not_found")
	ann.put("/messages/x/pin", nil).problem(404, "not_found")
	ann.get("/chats/x/pins").problem(404, "not_found")

	if got := ann.say(c, "@bob!"); fmt.Sprint(got["mentions"]) != "["+bob.id+"]" {
		t.Errorf("%v", got)
	}
	if got := bob.get("/chats/" + c).is(200).object(); got["unreadMentions"] != 1.0 {
		t.Errorf("%v", got)
	}
	naming := func(who account, query string) []any {
		return who.get("/chats/" + c + "/mentions" + query).is(200).object()["items"].([]any)
	}
	if all, later, anns := naming(bob, "?after=0"), naming(bob, "?after=1000&limit=1"), naming(ann, ""); len(all) != 1 || len(later)+len(anns) != 0 {
		t.Errorf("%v, %v, %v", all, later, anns)
	}
	bob.get("/chats/"+c+"/mentions?after=-1").problem(422, "invalid", "after")
	bob.get("/chats/"+c+"/mentions?limit=201").problem(422, "invalid", "limit")
	eve.get("/chats/"+c+"/mentions").problem(404, "not_found")
	ann.get("/chats/x/mentions").problem(404, "not_found")

	if err := s.chats.Read(t.Context(), store.ID(bob.id), "", store.ID(first["id"].(string))); err != nil {
		t.Fatal(err)
	}
	if read := bob.get(id).is(200).object(); "/messages/"+read["id"].(string) != id || read["mentions"] == nil {
		t.Errorf("%v", read)
	}
	eve.get(id).problem(404, "not_found")
	bob.get("/messages/"+string(store.NewID())).problem(404, "not_found")
	deliveries := ann.get(id + "/deliveries").is(200).object()["items"].([]any)
	if d := deliveries[0].(map[string]any); len(deliveries) != 1 || d["userId"] != bob.id || d["status"] != "read" || d["readAt"] == nil || d["deliveredAt"] == nil {
		t.Errorf("%v", deliveries)
	}
	eve.get(id+"/deliveries").problem(404, "not_found")

	bob.del(id, nil).problem(403, "forbidden")
	eve.del(id, nil).problem(404, "not_found")
	ann.del(id, nil).is(204)
	ann.patch(id, object{"content": "x"}).problem(409, "message_deleted")
	ann.put(id+"/pin", nil).problem(409, "message_deleted")
	items := bob.get("/messages?chatId=" + c).object()["items"].([]any)
	if tomb := items[0].(map[string]any); tomb["deletedAt"] == nil || tomb["content"] != "" {
		t.Errorf("%v", tomb)
	}
}

func TestInvitationRoutes(t *testing.T) {
	t.Parallel()
	s := newServer(t, 100)
	ann, bob, eve := s.join("ann"), s.join("bob"), s.join("eve")
	c := ann.group(bob)
	path := "/chats/" + c + "/invitations"
	made := ann.post(path, object{"expiresIn": 3600, "maxUses": 1}).is(201).object()
	for _, key := range []string{"id", "chatId", "createdBy", "createdAt", "expiresAt", "maxUses", "uses", "url"} {
		if _, there := made[key]; !there {
			t.Errorf("the invitation lacks %s: %v", key, made)
		}
	}
	open := ann.post(path, object{"expiresIn": nil, "maxUses": nil}).is(201).object()
	if open["expiresAt"] != nil || open["maxUses"] != nil {
		t.Errorf("%v", open)
	}
	ann.post(path, object{"expiresIn": 59}).problem(422, "invalid", "expiresIn")
	ann.post(path, object{"expiresIn": "1h"}).problem(422, "invalid", "expiresIn")
	ann.post(path, object{"maxUses": 0}).problem(422, "invalid", "maxUses")
	bob.post(path, object{}).problem(403, "forbidden")
	eve.post(path, object{}).problem(404, "not_found")
	ann.post("/chats/x/invitations", object{}).problem(404, "not_found")

	list := ann.get(path).is(200)
	if items := list.object()["items"].([]any); len(items) != 2 || items[0].(map[string]any)["id"] != open["id"] || strings.Contains(string(list.raw), "join") {
		t.Errorf("%s", list.raw)
	}
	bob.get(path).problem(403, "forbidden")
	eve.get(path).problem(404, "not_found")

	token := object{"token": strings.TrimPrefix(made["url"].(string), "/join/")}
	seen := eve.post("/invitations/preview", token).is(200).object()
	if group := seen["chat"].(map[string]any); group["name"] != "Group" || group["memberCount"] != 2.0 || seen["chatId"] != nil || seen["expiresAt"] != made["expiresAt"] ||
		seen["invitedBy"].(map[string]any)["username"] != "ann" {
		t.Errorf("%v", seen)
	}
	if seen := bob.post("/invitations/preview", token).is(200).object(); seen["chatId"] != c {
		t.Errorf("%v", seen)
	}
	if got := eve.post("/invitations/accept", token).is(201).object(); got["id"] != c || got["myRole"] != "member" {
		t.Errorf("%v", got)
	}
	usedUp := eve.post("/invitations/accept", token).problem(404, "invitation_invalid")
	unknown := eve.post("/invitations/accept", object{"token": "x"}).problem(404, "invitation_invalid")
	if string(usedUp.raw) != string(unknown.raw) {
		t.Errorf("%s, %s", usedUp.raw, unknown.raw)
	}
	eve.post("/invitations/accept", object{"token": strings.TrimPrefix(open["url"].(string), "/join/")}).is(200)
	eve.post("/invitations/preview", object{}).problem(422, "invalid", "token")
	eve.post("/invitations/preview", object{"token": strings.Repeat("x", 201)}).problem(422, "invalid", "token")

	one := path + "/" + open["id"].(string)
	bob.del(one, nil).problem(403, "forbidden")
	s.join("zoe").del(one, nil).problem(404, "not_found")
	ann.del(path+"/x", nil).problem(404, "not_found")
	ann.del(one, nil).is(204)
	ann.del(one, nil).problem(404, "not_found")
}

func TestCallRoutes(t *testing.T) {
	t.Parallel()
	s := newServer(t, 100)
	ann := s.join("ann")
	ice := ann.get("/ice-servers").is(200).object()
	server := ice["iceServers"].([]any)[0].(map[string]any)
	if ice["ttl"] != 3600.0 || server["username"] != "1:"+ann.id || fmt.Sprint(server["urls"]) != "[turn:example.com]" {
		t.Errorf("%v", ice)
	}
	chatID := store.NewID()
	if got := ann.get("/calls?limit=7&cursor=abc&chatId=" + string(chatID)).is(200).object(); got["nextCursor"] != nil || len(got["items"].([]any)) != 0 {
		t.Errorf("%v", got)
	}
	if got, want := fmt.Sprint(s.calls.asked), fmt.Sprint([]any{store.ID(ann.id), chatID, 7, "abc"}); got != want {
		t.Errorf("asked %s, want %s", got, want)
	}
	ann.get("/calls?chatId=x").problem(404, "not_found")
	ann.get("/calls?limit=101").problem(422, "invalid", "limit")
}

func TestHealth(t *testing.T) {
	t.Parallel()
	s := newServer(t, 1)
	s.send("GET", "/healthz", "", nil).is(200)
	s.send("GET", "/readyz", "", nil).is(200)
	s.ready = store.ErrNotFound
	s.send("GET", "/readyz", "", nil).problem(503, "not_ready")
	s.send("GET", "/healthz", "", nil).is(200)
}
