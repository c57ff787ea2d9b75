// Package web holds the built web app, so that the server is one file.
package web

import (
	"embed"
	"io/fs"
)

//go:embed all:app/dist
var dist embed.FS

// App returns the built app: index.html, hashed assets and icons at its root. In a binary that was built without the
// web step it holds no index.html.
func App() fs.FS {
	sub, err := fs.Sub(dist, "app/dist")
	if err != nil {
		panic(err) // cannot happen: the path is a constant that the compiler embedded
	}
	return sub
}
