// Package api is the REST door: routes, tokens, problem+json and the OpenAPI document.
//
// NewApp makes the Fiber app: everything that holds for every request (panics, addresses, headers, CORS, the access log)
// and the REST routes. Others add theirs to the same app: signaling its sockets, and last of all ServeApp the web app.
// Nothing here decides who may do what: handlers translate, and internal/auth and internal/chat decide.
//
// Requests and answers are Go types, from which huma checks the input and makes the OpenAPI 3.1 document, so the two
// cannot drift apart. Every refusal, whoever makes it (a rule, huma, Fiber, fasthttp), leaves as a Problem.
package api
