package userz

// Viewport is the size of the page, in CSS pixels, and its device pixel ratio.
type Viewport struct {
	W   float64 `json:"w" minimum:"0"`
	H   float64 `json:"h" minimum:"0"`
	DPR float64 `json:"dpr" minimum:"0"`
}

// ConsoleLine is one line of the page's console.
type ConsoleLine struct {
	Level   string `json:"level" maxLength:"32"`
	Message string `json:"message" maxLength:"1000"`
	TS      int64  `json:"ts" minimum:"0" doc:"Milliseconds since the epoch."`
}

// BoundingBox is an element's place on the page, in CSS pixels.
type BoundingBox struct {
	X float64 `json:"x"`
	Y float64 `json:"y"`
	W float64 `json:"w" minimum:"0"`
	H float64 `json:"h" minimum:"0"`
}
