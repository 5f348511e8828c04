# docs/how-to/run-on-several-machines.md explains each line.
ARG PYTHON=3.13

FROM python:${PYTHON}-trixie AS build
WORKDIR /opt/crossdock
COPY Makefile pyproject.toml constraints.txt ./
RUN make packages
COPY assembly.py cli.py scheduler.py server.py ./
COPY commands/ commands/
COPY connectors/ connectors/
COPY core/ core/
COPY day/ day/
COPY demo/ demo/
COPY mappings/ mappings/
COPY migrations/ migrations/
COPY sandbox/ sandbox/
COPY simulation/ simulation/
COPY web/ web/
RUN make setup && .venv/bin/python -m compileall -q .

FROM python:${PYTHON}-slim-trixie
COPY --from=build /opt/crossdock /opt/crossdock
COPY LICENSE crossdock.example.yaml /opt/crossdock/
RUN install --directory --owner=10001 --group=10001 --mode=0700 /data
ENV PATH=/opt/crossdock/.venv/bin:$PATH \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1 \
    HOME=/data \
    CROSSDOCK_HOST=0.0.0.0 \
    CROSSDOCK_CONFIG=/etc/crossdock/merchants
USER 10001:10001
WORKDIR /data
VOLUME /data
EXPOSE 8080
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=15s --timeout=10s --start-period=90s --retries=3 CMD ["crossdock", "ready"]
ENTRYPOINT ["crossdock"]
CMD ["serve"]
