-- Decides which painting workers may take which jobs of `render`. Needs: prelude.
-- painters: hash worker -> 'stale_ms engine model edition' of the painting workers that take jobs.
-- draining: hash process -> 'wait' or 'end': processes that take no new jobs.
-- A lane of `render` is platform:shape, or platform:shape@model if its jobs are routed to a model.
-- Invariant: any set of live workers may take every lane: a job that is routed to a model without a live
-- worker may be taken by any worker.
local found_painters

-- The process of a worker: a worker is named process:random, so that a restarted process is another worker.
local function process_of(worker) return string.match(worker, '^(.*):[^:]*$') or worker end

-- The live painting workers: their engines, models and editions (engine and version), as sets, and the
-- editions by model.
local function painters()
  if found_painters then return found_painters end
  found_painters = {any = false, engines = {}, models = {}, editions = {}}
  local all, leaving = redis.call('HGETALL', key('painters')), {}
  for _, process in ipairs(redis.call('HKEYS', key('draining'))) do leaving[process] = true end
  for i = 1, #all, 2 do
    local stale, engine, model, edition = string.match(all[i + 1], '^(%d+) (%S+) (%S+) (%S+)$')
    if stale and tonumber(stale) >= now and not leaving[process_of(all[i])] then
      found_painters.any = true
      found_painters.engines[engine] = true
      found_painters.models[model] = found_painters.models[model] or {}
      found_painters.models[model][edition] = true
      found_painters.editions[edition] = true
    end
  end
  return found_painters
end

-- The engine and model that a worker announced; nil and nil if it announced nothing.
local function announced(worker)
  local line = redis.call('HGET', key('painters'), worker)
  local engine, model = string.match(line or '', '^%d+ (%S+) (%S+)')
  return engine, model
end

local function is_draining(worker) return redis.call('HEXISTS', key('draining'), process_of(worker)) == 1 end

-- The model that a lane's jobs are routed to; nil if any model may paint them.
local function model_of(lane) return string.match(lane, '@(.+)$') end

-- Which workers may take a lane now: 'any', or those with a 'model', and the model's name.
local function takers_of(lane)
  local model = model_of(lane)
  if model and painters().models[model] then return 'model', model end
  return 'any', nil
end

local function may_take(lane, engine, model)
  local kind, name = takers_of(lane)
  return kind == 'any' or (kind == 'model' and name == model)
end

-- The queue of wake-ups for a lane. A worker of `render` listens to `render`, `render.<engine>` and
-- `render.<model>`, so that no wake-up goes to a worker that may not take the job.
local function queue_of(stage, lane)
  if stage ~= 'render' then return stage end
  local _, name = takers_of(lane)
  return name and 'render.' .. name or 'render'
end

-- Whether a stored picture of this edition may be reused for a job that is routed to `model` ('' for none):
-- the live workers for this model would paint the same. Without live workers any stored picture may be reused.
local function is_current(edition, model)
  local living = painters()
  if not living.any then return true end
  return ((living.models[model] or living.editions)[edition]) == true
end
