# O que o bot diz em todas as plataformas. $wait_s é em segundos; 0 quando não se pode dizer um horário.

-formats = JPEG, PNG, WebP ou HEIC

## Agora não: nada foi aceito, nada foi contado.

refused-paused = { $wait_s ->
    [0] Deixei os pincéis de lado por um tempo. Tente de novo um pouco mais tarde.
   *[other] Deixei os pincéis de lado por um tempo. Volte em { DURATION($wait_s) }.
}
refused-banned = Não posso mais aceitar fotos desta conta.
refused-opted-out = Você me pediu para deixar suas fotos em paz, e eu respeito isso.
refused-forgotten = Isso foi esquecido, como você pediu.
refused-strikes = { $wait_s ->
    [0] Várias das suas fotos eram de um tipo que não posso pintar, então vamos fazer uma pausa.
   *[other] Várias das suas fotos eram de um tipo que não posso pintar, então vamos fazer uma pausa. Volte em { DURATION($wait_s) }.
}
refused-cooldown = { $wait_s ->
    [0] A tinta ainda está secando. Daqui a pouco você pode enviar a próxima foto.
   *[other] A tinta ainda está secando. Sua próxima foto será bem-vinda em { DURATION($wait_s) }.
}
refused-quota = { $wait_s ->
    [0] Essa foi sua última pintura de hoje. Amanhã podemos continuar.
   *[other] Essa foi sua última pintura de hoje. Podemos continuar em { DURATION($wait_s) }.
}
refused-too-many-open = Ainda estou cuidando das suas fotos anteriores. Envie esta de novo quando uma delas ficar pronta.
refused-busy-here = { $wait_s ->
    [0] Já há muitas fotos deste chat na espera. Tente de novo um pouco mais tarde.
   *[other] Já há muitas fotos deste chat na espera. Tente de novo em { DURATION($wait_s) }.
}
refused-busy-address = Chegaram muitas fotos da sua rede. Tente de novo em { DURATION($wait_s) }.
refused-too-busy = { $wait_s ->
    [0] Há tantas fotos na espera que a sua demoraria demais. Volte mais tarde, por favor.
   *[other] Há tantas fotos na espera que a sua demoraria demais. Volte em { DURATION($wait_s) }, por favor.
}
refused-own-words = Isso eu não pinto para ninguém. Peça outra coisa e tento com prazer. Esta vez não conta.
refused-own-words-script = Só consigo seguir suas palavras em português, inglês, espanhol, indonésio, hindi e japonês. Esta vez não conta.
refused-storage-full = { $wait_s ->
    [0] Agora não há espaço para mais uma foto. Tente de novo um pouco mais tarde.
   *[other] Agora não há espaço para mais uma foto. Tente de novo em { DURATION($wait_s) }.
}

## Sem pintura: uma frase sincera que diz por quê.

apology-empty = Esse arquivo chegou vazio. Envie a foto de novo, por favor.
apology-too-heavy = Esse arquivo é pesado demais para mim: aguento { $limit_mb } MB no máximo.
apology-web-page = Isso é uma página da web, não uma imagem. Envie a própria foto, por favor.
apology-other-format = Não consigo abrir imagens { $kind }. Envie uma foto { -formats }, por favor.
apology-not-a-photo = { $kind ->
    [audio] Isso é uma gravação de som. Envie uma foto { -formats }, por favor.
    [document] Isso é um documento. Envie uma foto { -formats }, por favor.
    [program] Isso é um programa. Envie uma foto { -formats }, por favor.
    [text] Isso é um texto. Envie uma foto { -formats }, por favor.
    [unknown] Não reconheço esse arquivo. Envie uma foto { -formats }, por favor.
    [video] Isso é um vídeo. Envie uma foto { -formats }, por favor.
   *[other] Isso é um arquivo { $kind }. Envie uma foto { -formats }, por favor.
}
apology-too-small = Essa foto é pequena demais para pintar: cada lado precisa de pelo menos { $limit_px } pixels.
apology-too-large = Essa foto é grande demais para mim: nenhum lado pode passar de { $limit_px } pixels.
apology-too-many-pixels = Essa foto é maior do que consigo segurar: { $limit_megapixels } megapixels no máximo.
apology-too-narrow = Essa foto é comprida e estreita demais: o lado maior pode ter { $limit_aspect } vezes o menor, não mais.
apology-truncated = Uma parte dessa foto se perdeu no caminho. Envie de novo, por favor.
apology-broken = Esse arquivo está danificado e não abre. Tente outra cópia, por favor.
apology-transparent = Essa imagem é toda transparente: não há nada para pintar.
apology-too-hard = Abrir esse arquivo exige demais. Salvo como um JPEG simples, deve funcionar.
apology-unsafe-photo = Não posso pintar esta foto. Tente outra, por favor.
apology-unsafe-picture = Desta foto não saiu uma pintura que eu possa mostrar. Tente outra, por favor.
apology-photo-gone = Essa foto não está mais lá. Envie de novo, por favor.
apology-photo-elsewhere = Essa foto está em um lugar de onde não baixo nada. Envie-a diretamente aqui, por favor.
apology-no-photo = Não havia nenhuma foto para pintar. Envie uma, por favor.
apology-owner-opted-out = Quem publicou esta foto me pediu para não pintá-la, e eu respeito isso.
apology-unknown-style = Não conheço mais esse estilo. Escolha outro, por favor.
apology-our-fault = Algo deu errado do meu lado e desta vez não há pintura. Desculpe.
apology-refunded = Não contou: você pode tentar de novo agora mesmo.

## Junto de uma pintura.

note-first-frame = Era uma animação, então pintei o primeiro quadro.
note-photo-left-out = Nem todas as fotos puderam ser pintadas; aqui estão as que deram certo.
note-words-unused = Aqui não consegui seguir suas palavras, então pintei a foto como ela é.

## Enquanto alguém espera.

status-fetch = Dando uma olhada na sua foto…
status-queued = { $position }º lugar na fila, cerca de { DURATION($wait_s) }
status-next = Sua vez é a próxima, cerca de { DURATION($wait_s) }
status-painting = { $progress ->
    [0] Pintando…
   *[other] Pintando… { NUMBER($progress, style: "percent") }
}
status-paused = A pintura está em pausa no momento. Sua foto mantém o lugar na fila.
status-deliver = A tinta está secando e a imagem já está a caminho…

## How the bot understood a person's own words. $style is a style's title, $strength 0 to 1.

understood = Entendido: { $style }, { NUMBER($strength, style: "percent") }.
not-understood = Eu pinto em estilos; não posso mudar o que está na foto.
