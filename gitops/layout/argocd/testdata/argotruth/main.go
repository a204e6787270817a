package main

import (
	_ "github.com/argoproj/argo-cd/v3/applicationset/controllers/template"
	_ "github.com/argoproj/argo-cd/v3/applicationset/generators"
	_ "github.com/argoproj/argo-cd/v3/applicationset/utils"
)

func main() {}
