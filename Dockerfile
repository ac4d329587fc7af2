# The harness itself, without an engine: `tina-bench containers build harness`, then
#
#   docker run --rm --volume "$PWD:$PWD" --workdir "$PWD" --user "$(id -u)" \
#     --volume /var/run/docker.sock:/var/run/docker.sock --group-add "$(stat -c %g /var/run/docker.sock)" \
#     localhost/tina-bench/harness:VERSION plan --all --profile smoke
#
# The folder has the same path inside as outside, for the engine looks for job folders outside.
# Whoever may use the engine's socket may do anything on the machine; that is the engine's nature.

ARG BASE_IMAGE
FROM ${BASE_IMAGE}
ARG SOURCE_DATE_EPOCH=0
# `touch` here and below: the same content gets the same dates, and so makes the same layer.
RUN touch /begun \
    && echo 'tina:x:10001:10001::/tmp:/usr/sbin/nologin' >> /etc/passwd \
    && echo 'tina:x:10001:' >> /etc/group \
    && mkdir -p /opt /work \
    && find / -xdev -newer /begun -exec touch --no-dereference --date "@${SOURCE_DATE_EPOCH}" {} + \
    && rm /begun && touch --date "@${SOURCE_DATE_EPOCH}" /

# Compiled modules that know their source by nothing that changes between two builds.
ENV PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_COMPILE=1 \
    UV_NO_CACHE=1 UV_COMPILE_BYTECODE=1 PYC_INVALIDATION_MODE=UNCHECKED_HASH
ARG INDEX_URL=https://pypi.org/simple
# What the building machine lends, as addresses: nothing of it stays in a layer. The hash is there for
# the engine's cache alone.
ARG LENT_CERTIFICATES=
ARG LENT_WHEELS=
ARG LENT_SHA256=
COPY containers/harness/bootstrap.lock containers/harness/requirements.lock /opt/locks/
RUN touch /begun \
    && if [ -n "${LENT_CERTIFICATES}" ]; then \
         python3.11 -c 'import sys; from urllib.request import urlretrieve; urlretrieve(*sys.argv[1:])' \
           "${LENT_CERTIFICATES}" /tmp/ca.pem \
         && export PIP_CERT=/tmp/ca.pem SSL_CERT_FILE=/tmp/ca.pem GIT_SSL_CAINFO=/tmp/ca.pem; \
       fi \
    && python3.11 -m venv /bootstrap \
    && /bootstrap/bin/pip install --index-url "${INDEX_URL}" --no-deps --require-hashes \
         -r /opt/locks/bootstrap.lock \
    && /bootstrap/bin/uv venv --python "$(command -v python3.11)" /opt/venv \
    && install() { /bootstrap/bin/uv pip install --python /opt/venv "$@"; } \
    && install --no-deps --require-hashes --default-index "${INDEX_URL}" \
         -r /opt/locks/requirements.lock \
    && rm -rf /bootstrap /tmp/* /root/.cache \
    && find / -xdev -newer /begun -exec touch --no-dereference --date "@${SOURCE_DATE_EPOCH}" {} + \
    && rm /begun && touch --date "@${SOURCE_DATE_EPOCH}" /

ENV PATH=/opt/venv/bin:$PATH PYTHONPATH=/opt/tina-bench PYTHONUNBUFFERED=1 HOME=/tmp
COPY leaderboard/templates /opt/tina-bench/tina_bench/_site/templates
COPY leaderboard/assets /opt/tina-bench/tina_bench/_site/assets
COPY containers /opt/tina-bench/tina_bench/_site/containers
COPY Dockerfile checkpoints.lock /opt/tina-bench/tina_bench/_site/
COPY tina_bench /opt/tina-bench/tina_bench
RUN python -m compileall -q --invalidation-mode unchecked-hash /opt/tina-bench \
    && find /opt/tina-bench -exec touch --no-dereference --date "@${SOURCE_DATE_EPOCH}" {} +
USER 10001:10001
WORKDIR /work
ENTRYPOINT ["python", "-m", "tina_bench"]
CMD ["--help"]
