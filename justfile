# The recipes call plain scripts: without `just`, run the scripts themselves.

# List the recipes
default:
    @just --list

# Start the server
run *arguments:
    scripts/run.sh {{arguments}}

# Start the server, and restart it whenever a file changes
dev:
    scripts/dev.sh

# Build for production
build:
    scripts/build.sh

# Format check, lints and all tests
test:
    scripts/test.sh

# Only the tests against the real server
e2e *filter:
    scripts/e2e.sh {{filter}}

# Format check and lints
lint:
    scripts/lint.sh

# Format all code
format:
    scripts/format.sh

# Measure a release build
bench *arguments:
    scripts/bench.sh {{arguments}}

# Fill a running server with sample data (--reset removes it)
seed *arguments:
    scripts/seed-data.sh {{arguments}}

# Test the API of a running server
test-api:
    scripts/test-api.sh

# Check the OpenAPI and AsyncAPI documents with public tools
check-documents *arguments:
    scripts/check-documents.sh {{arguments}}
