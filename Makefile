# Tandem. `make` alone prints this help; every target says what it does after `##`.
# Variables are given on the command line: make run ONLY=erp ERP_PORT=9001

PYTHON ?= python3
LOCAL := $(PYTHON) deploy/local/run.py
BIN := .venv/bin
WORKERS ?= 2

.DEFAULT_GOAL := help
.PHONY: help run test test-clock test-books cover check contracts module sbom bench kafka demo rehearse clean environment

help: ## Print this help
	@echo "Tandem: an ERP, a CRM, and the bridge that makes them one."
	@echo
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-10s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

run: ## Run ERP :8001, CRM :8002, bridge :8003; ONLY=erp or ONLY=crm: one half; LOGS=1: all log lines
	@$(LOCAL) up

test: environment ## Run all tests on a real PostgreSQL; PG=external: yours; FUZZ=60: fuzz longer
ifeq ($(PG),external)
	@test -n "$$TANDEM_TEST_DATABASE_URL" || { \
	  echo "PG=external needs TANDEM_TEST_DATABASE_URL, the URL of a role that may create" >&2; \
	  echo "roles and databases, such as postgresql://me:secret@localhost:5432/postgres" >&2; exit 2; }
	@$(BIN)/python -m pytest -n $(WORKERS) --dist loadfile $(ARGS)
else
	@env -u TANDEM_TEST_DATABASE_URL $(BIN)/python -m pytest -n $(WORKERS) --dist loadfile $(ARGS)
endif

test-clock: environment ## Run what depends on dates at other times and zones; SHORT=1: three of them
	@env -u TANDEM_TEST_DATABASE_URL $(BIN)/python deploy/local/clock.py $(if $(SHORT),--short) \
	  -n $(WORKERS) --dist loadfile

BOOKS_SEEDS := 101,102,103,104,105,106,107,108
test-books: environment ## Long walks of random acts in the ERP; STEPS=2000, SEEDS=1,2,3
	@env -u TANDEM_TEST_DATABASE_URL BOOKS_STEPS=$(or $(STEPS),1000) \
	  BOOKS_SEEDS=$(or $(SEEDS),$(BOOKS_SEEDS)) \
	  $(BIN)/python -m pytest -n $(WORKERS) services/erp/tests/books

cover: environment ## Run all tests and print what they do not reach; rules and models: nothing
	@$(BIN)/coverage erase
	@$(BIN)/coverage run -m pytest -n $(WORKERS) --dist loadfile $(ARGS)
	@$(BIN)/coverage combine --quiet
	@$(BIN)/coverage report
	@$(BIN)/coverage report --include='*/rules/*,*/models.py' --fail-under=100

check: environment ## Check format, lint, types, imports, contracts and deployment files
	@$(BIN)/python deploy/local/checks.py

contracts: environment ## Generate contracts/ anew from the code
	@$(BIN)/python -m contracts.generator generate

module: environment ## Make a module on the kit: NAME=referral SERVICE=crm; MANY=referrals CHINESE=推荐
	@test -n "$(NAME)" -a -n "$(SERVICE)" || { \
	  echo "usage: make module NAME=referral SERVICE=crm [MANY=referrals] [CHINESE=推荐]" >&2; \
	  echo "NAME is one record in snake_case, SERVICE crm or erp" >&2; exit 2; }
	@$(BIN)/python deploy/local/module.py "$(NAME)" "$(SERVICE)" \
	  --many "$(MANY)" --chinese "$(CHINESE)"

bench: environment ## Measure, each figure beside the limit measured in the same run
	@$(BIN)/python -m bench

sbom: environment ## Write NOTICE, and what is in each image (CycloneDX) to build/sbom
	@$(BIN)/python deploy/sbom.py

kafka: $(if $(SECURED),environment) ## Run a real Apache Kafka on :9092 (Java 17 and Maven); KAFKA_PORT changes the port; SECURED=1: TLS, log-in
	@$(if $(SECURED),$(BIN)/python,$(PYTHON)) deploy/local/kafka.py $(if $(SECURED),--secured)

demo: ## Play a small story across CRM, bridge and ERP; DATA=northwind: real orders; TRANSPORT=kafka
	@$(LOCAL) setup
	@$(BIN)/python deploy/local/demo.py

rehearse: ## Lose all databases of a temporary installation and restore them; prints seconds to recover
	@$(LOCAL) setup
	@$(BIN)/python deploy/local/rehearse.py

clean: ## Remove environment and caches; ALL=1 removes the local data in .tandem as well
	@$(LOCAL) clean $(if $(ALL),--all)

environment:
	@$(LOCAL) setup --dev
