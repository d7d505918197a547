package render_test

import (
	"testing"

	"github.com/go-shca/shca/render"
	"github.com/go-shca/shca/render/rendertest"
)

func TestConformance(t *testing.T) { rendertest.Run(t, render.Formats) }
